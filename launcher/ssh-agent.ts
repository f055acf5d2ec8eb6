import type { HostEntry } from "./hostfile.js";
import { type Greeting, magicLine } from "./greeting.js";
import { type AgentConfig, agentFile, type AgentProcess, startChild } from "./start-agent.js";
import { root, version } from "./version.js";

export interface SshOptions {
  /** The ssh client, with arguments of its own: `ssh`, `ssh -F config`. */
  readonly ssh: string;
  readonly sshArgs: readonly string[];
  /** Paths on the other hosts; `undefined`: the same as here. */
  readonly node: string | undefined;
  readonly remotePrefix: string | undefined;
}

/** Never asks anyone anything; notices a host that has gone while ssh waits for it. */
const ALWAYS = [
  ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR"],
  ...["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=2", "-T"],
];
/** From the end of ssh's stdin to its own end. */
const LEAVE_MS = 2000;

/**
 * Starts the agent of another host over ssh. The command line carries two paths and nothing else; the configuration,
 * with the keys, goes to its stdin once it has said which version it is and how its host was reached. Local.
 *
 * @param configure - Makes the configuration from the agent's greeting.
 */
export function startSshAgent(
  host: HostEntry,
  options: SshOptions,
  configure: (greeting: Greeting) => Promise<Omit<AgentConfig, "stdinFd">>,
): AgentProcess {
  const [command, ...before] = words(options.ssh);
  const child = startChild(command, [...before, ...sshArguments(host, options)], ["pipe", "pipe", "pipe"]);
  let greeted = false;
  let complaint = "";
  let heard = "";
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    if (greeted) return;
    heard += text;
    const line = magicLine(heard);
    if (line === undefined) return;
    greeted = true;
    void welcome(parseGreeting(line)).catch((error: unknown) => {
      complaint = error instanceof Error ? error.message : String(error);
      child.kill();
    });
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (greeted) process.stderr.write(text);
    else said = (said + text).slice(-WORDS_MAX);
  });

  async function welcome(greeting: Greeting): Promise<void> {
    if (greeting.version !== version)
      throw new Error(`it has tsmpi ${greeting.version}, this host has ${version}; install the same version`);
    child.configure({ ...(await configure(greeting)), stdinFd: undefined });
  }

  let gone = false;
  return {
    local: false,
    gone: child.gone.then((how) => {
      gone = true;
      if (complaint !== "") return complaint;
      const own = (said + (greeted ? "" : heard)).trim();
      return `${command}: ${how}${own === "" ? "" : `\n  ${own.replaceAll("\n", "\n  ")}`}`;
    }),
    release() {
      child.release();
      // ssh that is still on its way there does not look at its stdin.
      if (!greeted) child.kill();
      else if (!gone) {
        const timer = setTimeout(child.kill, LEAVE_MS);
        void child.gone.then(() => clearTimeout(timer));
      }
    },
  };
}

const WORDS_MAX = 4096;

function sshArguments(host: HostEntry, options: SshOptions): string[] {
  const node = host.node ?? options.node ?? process.execPath;
  const user = host.user === undefined ? [] : ["-l", host.user];
  const port = host.port === undefined ? [] : ["-p", `${host.port}`];
  const file = agentFile(options.remotePrefix ?? root);
  return [
    ...[...ALWAYS, ...user, ...port, ...options.sshArgs, host.name],
    `exec ${quote(node)} ${quote(file)} --ssh`,
  ];
}

/** For any login shell. Local. */
function quote(path: string): string {
  return /^[\w/.@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Splits at blanks; `'` and `"` keep them. Local. */
export function words(text: string): string[] {
  return [...text.matchAll(/(?:"([^"]*)"|'([^']*)'|[^\s"']+)+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"),
  );
}

const parseGreeting: (json: string) => Greeting = JSON.parse;
