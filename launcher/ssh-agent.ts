import { shellWord } from "../src/shell-word.js";
import type { HostEntry } from "./hostfile.js";
import type { Launching } from "./launching.js";
import { type RemoteAgent, startRemoteAgents } from "./remote-agent.js";
import { agentFile } from "./start-agent.js";
import { root } from "./version.js";
import { words } from "./words.js";

/** Where node and tsmpi are on other hosts; `undefined`: where they are here. */
export interface RemotePaths {
  readonly node: string | undefined;
  readonly remotePrefix: string | undefined;
}

/** Never asks anyone anything. */
const ALWAYS = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR", "-T"];

/**
 * Starts the agent of another host over ssh, and has that start further ones. The command line carries two paths and
 * nothing else. Local.
 *
 * @param from - The host that starts it, for messages; "" if it is the launcher's.
 * @returns The agents, in order.
 * @see startRemoteAgents
 */
export function startSshAgents(
  host: HostEntry,
  others: readonly HostEntry[],
  how: Launching,
  from: string,
): RemoteAgent[] {
  const [command, ...before] = words(how.command);
  const user = host.user === undefined ? [] : ["-l", host.user];
  const port = host.port === undefined ? [] : ["-p", `${host.port}`];
  // ssh that still waits for the agent's host when that has gone ends by itself, later than the connection with the agent.
  const alive = `ServerAliveInterval=${Math.max(1, Math.round(how.heartbeatMs / 2000))}`;
  const own = [
    ...[...ALWAYS, "-o", alive, "-o", "ServerAliveCountMax=5"],
    ...[...user, ...port, ...words(how.sshArgs)],
  ];
  return startRemoteAgents({
    command,
    args: [...before, ...own, host.name, remoteCommand(host, how)],
    names: ["", ...others.map(({ name }) => name)],
    greeters: 1,
    order: others.length === 0 ? undefined : { branch: { from: host.name, hosts: others, how } },
    from,
  });
}

/**
 * Starts the agent of another host by a command that takes its name and what to run there, and nothing else, as blaunch
 * (LSF) and qrsh (SGE) do. Local.
 */
export function startPlainAgent(host: HostEntry, paths: RemotePaths, launcher: string): RemoteAgent {
  const [command, ...before] = words(launcher);
  const [agent] = startRemoteAgents({
    command,
    args: [...before, host.name, remoteCommand(host, paths)],
    names: [""],
  });
  return agent;
}

function remoteCommand(host: HostEntry, paths: RemotePaths): string {
  return `exec ${agentCommand(host, paths)}`;
}

/** The same for a shell. Local. */
export function agentCommand(host: HostEntry, paths: RemotePaths, how?: string): string {
  return agentWords(paths, host.node, how).map(shellWord).join(" ");
}

/** What runs an agent on another host. Local. */
export function agentWords(
  { node, remotePrefix }: RemotePaths,
  hostNode?: string,
  how = "--remote",
): string[] {
  return [hostNode ?? node ?? process.execPath, agentFile(remotePrefix ?? root), how];
}
