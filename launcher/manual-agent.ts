import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../src/shell-word.js";
import { deferred } from "./deferred.js";
import { magic } from "./greeting.js";
import { hostFacts } from "./host-facts.js";
import type { HostEntry } from "./hostfile.js";
import type { RemoteAgent } from "./remote-agent.js";
import { openSession, type Session } from "./session.js";
import { agentCommand, type RemotePaths } from "./ssh-agent.js";
import { version } from "./version.js";

/**
 * The agent of another host that somebody starts there by hand: prints the command that does so. What the agent is told,
 * keys included, is in a file of this host that only this user can read, and that is gone when the job is over; it comes
 * to the agent as its standard input, and so never stands on a command line. Local.
 *
 * Nothing is known of the host before its agent connects: it is taken to have the same node as this one.
 */
export function startManualAgent(host: HostEntry, paths: RemotePaths): RemoteAgent {
  const gone = deferred<string>();
  let session: Session | undefined;
  const leave = (how: string): void => {
    session?.remove();
    gone.resolve(how);
  };
  return {
    local: false,
    gone: gone.promise,
    greeting: Promise.resolve({
      ...hostFacts(),
      ...{ version, host: host.name, launcherAddress: "", ownAddress: "", topology: [] },
    }),
    configure(config) {
      if (config === undefined) return;
      session = openSession();
      const file = join(session.folder, host.name.replaceAll("/", "_"));
      writeFileSync(file, `${magic} ${JSON.stringify({ configs: { "": config } })}\n`, { mode: 0o600 });
      process.stderr.write(
        `tsmpirun: on ${host.name}, run\n  ${agentCommand(host, paths, "--manual")} < ${shellWord(file)}\n`,
      );
    },
    fail: leave,
    release: () => leave("it was let go"),
    kill: () => leave("it does not answer"),
  };
}
