import { deferred } from "./deferred.js";
import { type Greeting, magic, magicLines, parseGreeting } from "./greeting.js";
import { type AgentConfig, type AgentProcess, startChild } from "./start-agent.js";
import { version } from "./version.js";

/** An agent of another host, on its way or there. */
export interface RemoteAgent extends AgentProcess {
  /** What it says of itself; rejects if it does not get that far. */
  readonly greeting: Promise<Greeting>;
  /** Tells it what to do; `undefined`: to leave. */
  readonly configure: (config: AgentConfig | undefined) => void;
  /** Ends it, for a reason that `gone` gives. */
  readonly fail: (reason: string) => void;
}

/** From the end of the command's stdin to its own end. */
const LEAVE_MS = 2000;
const WORDS_MAX = 4096;

/**
 * Starts a command that leads to the agents of other hosts: ssh to one of them, srun to several. The configurations, with
 * the keys, go to its stdin in one line, once each agent has said which version it is and how its host was reached. Local.
 *
 * @param names - What each agent calls its host; "" if it is the only one.
 */
export function startRemoteAgents(
  command: string,
  args: readonly string[],
  names: readonly string[],
  environment = process.env,
): RemoteAgent[] {
  const child = startChild(command, args, ["pipe", "pipe", "pipe"], environment);
  const waiting = new Map(names.map((name) => [name, deferred<Greeting>()]));
  const configs: Record<string, AgentConfig> = {};
  let unconfigured = names.length;
  let greeted = 0;
  let ownWords = 0;
  let [complaint, heard, said, gone] = ["", "", "", false];
  const fail = (reason: string): void => {
    complaint ||= reason;
    child.kill();
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    if (greeted === names.length) return;
    heard += text;
    for (const line of magicLines(heard).slice(greeted)) {
      greeted++;
      const greeting = parseGreeting(line);
      if (greeting.version !== version)
        fail(`it has tsmpi ${greeting.version}, this host has ${version}; install the same version`);
      else waiting.get(names.length === 1 ? names[0] : greeting.host)?.resolve(greeting);
    }
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (ownWords === names.length) return void process.stderr.write(text);
    said += text;
    // What follows the magic words is the agents' own.
    ownWords = said.split(`${magic}\n`).length - 1;
    if (ownWords < names.length) return;
    const start = said.lastIndexOf(magic);
    process.stderr.write(said.slice(start + magic.length + 1));
    said = said.slice(0, start).replaceAll(`${magic}\n`, "");
  });
  const how = child.gone.then((how) => {
    gone = true;
    if (complaint !== "") return complaint;
    const own = [said, greeted === names.length ? "" : heard]
      .map((text) => text.replaceAll(new RegExp(`^${magic}.*\n`, "gm"), ""))
      .join("")
      .trim()
      .slice(-WORDS_MAX);
    return `${command}: ${how}${own === "" ? "" : `\n  ${own.replaceAll("\n", "\n  ")}`}`;
  });
  void how.then((how) => waiting.forEach(({ reject }) => reject(new Error(how))));
  const release = (): void => {
    child.release();
    // A command that is still on its way there does not look at its stdin.
    if (greeted < names.length) child.kill();
    else if (!gone) {
      const timer = setTimeout(child.kill, LEAVE_MS);
      void child.gone.then(() => clearTimeout(timer));
    }
  };
  return [...waiting].map(([name, { promise }]) => ({
    local: false,
    gone: how,
    greeting: promise,
    configure(config) {
      if (config !== undefined) configs[name] = config;
      if (--unconfigured === 0) child.configure(configs);
    },
    fail,
    release,
    kill: child.kill,
  }));
}
