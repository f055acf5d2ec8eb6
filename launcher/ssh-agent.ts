import type { HostEntry } from "./hostfile.js";
import { type Greeting, magic, magicLine } from "./greeting.js";
import { type AgentConfig, agentFile, type AgentProcess, startChild } from "./start-agent.js";
import { root, version } from "./version.js";

export interface SshOptions {
  /** The ssh client, with arguments of its own: `ssh`, `ssh -F config`. */
  readonly ssh: string;
  readonly sshArgs: readonly string[];
  /** Paths on the other hosts; `undefined`: the same as here. */
  readonly node: string | undefined;
  readonly remotePrefix: string | undefined;
  readonly heartbeatMs: number;
}

/** Never asks anyone anything. */
const ALWAYS = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR", "-T"];
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
  let ownWords = false;
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
    if (ownWords) return void process.stderr.write(text);
    said = (said + text).slice(-WORDS_MAX);
    const start = said.indexOf(`${magic}\n`);
    if (start < 0) return;
    ownWords = true;
    process.stderr.write(said.slice(start + magic.length + 1));
    said = said.slice(0, start);
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
    kill: child.kill,
  };
}

const WORDS_MAX = 4096;

function sshArguments(host: HostEntry, options: SshOptions): string[] {
  const node = host.node ?? options.node ?? process.execPath;
  const user = host.user === undefined ? [] : ["-l", host.user];
  const port = host.port === undefined ? [] : ["-p", `${host.port}`];
  const file = agentFile(options.remotePrefix ?? root);
  // ssh that still waits for the agent's host when that has gone ends by itself, later than the connection with the agent.
  const alive = `ServerAliveInterval=${Math.max(1, Math.round(options.heartbeatMs / 2000))}`;
  return [
    ...[
      ...ALWAYS,
      "-o",
      alive,
      "-o",
      "ServerAliveCountMax=5",
      ...user,
      ...port,
      ...options.sshArgs,
      host.name,
    ],
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
