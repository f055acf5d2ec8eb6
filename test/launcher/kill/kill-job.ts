import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Hosts } from "../../hosts/namespaces.js";
import { launchOnHosts } from "../../hosts/run-on-hosts.js";
import { type Outcome, program, tsmpirun } from "../tsmpirun.js";

const meet = program("meet.ts");

/** When a process of a job is killed: while it starts, between two collectives or in one, or while the job ends. */
export const phases = ["start", "middle", "end"] as const;
type Phase = (typeof phases)[number];
export const victims = ["rank", "agent", "launcher"] as const;
type Victim = (typeof victims)[number];

export interface Kill {
  readonly victim: Victim;
  /** Which rank, or which host's agent. */
  readonly index: number;
  readonly phase: Phase;
  /** From the beginning of the phase. */
  readonly delayMs: number;
}

/** Where jobs run. */
export interface Ground {
  readonly hosts: number;
  readonly ranks: number;
  /** Runs tsmpirun with the options that name the hosts. */
  readonly run: (
    args: readonly string[],
    watch: (stdout: string) => void,
  ) => Promise<Pick<Outcome, "code" | "signal" | "stderr" | "left">>;
  /** Processes of the job that is running, by host; of hosts that cannot be told apart all at the first. */
  readonly processes: () => readonly (readonly number[])[];
}

/** Hosts that this one plays. */
export function playedHosts(): Ground {
  const marker = randomUUID();
  return {
    hosts: 2,
    ranks: 4,
    run: (args, watch) =>
      tsmpirun(["--launcher", "fork", "--host", "a:2,b:2", ...args], {
        env: { TSMPI_KILL: marker },
        watch: (_, stdout) => watch(stdout),
      }),
    processes: () => [
      readdirSync("/proc")
        .map(Number)
        .filter((pid) => Number.isInteger(pid) && read(pid, "environ").includes(marker)),
    ],
  };
}

/** Hosts of their own, reached over ssh. */
export function hostsOfTheirOwn(hosts: Hosts): Ground {
  const list = hosts.names.map((name) => `${name}:2`).join(",");
  return {
    hosts: hosts.names.length,
    ranks: 2 * hosts.names.length,
    run: (args, watch) => launchOnHosts({ hosts, args: ["--host", list, ...args], watch }),
    processes: () => hosts.names.map((name) => hosts.pids(name)),
  };
}

/** Longest delay, by phase: starting takes about half a second, ending some hundredths. */
const DELAY_MS = { start: 500, middle: 200, end: 60 } as const;

/** A kill at random. Local. */
export function anyKill(random: () => number, { hosts, ranks }: Pick<Ground, "hosts" | "ranks">): Kill {
  const below = (limit: number) => Math.floor(random() * limit);
  const victim = victims[below(victims.length)];
  const phase = phases[below(phases.length)];
  const index = below(victim === "rank" ? ranks : hosts);
  return { victim, index, phase, delayMs: below(DELAY_MS[phase]) };
}

export function describe({ victim, index, phase, delayMs }: Kill): string {
  return `${victim}${victim === "launcher" ? "" : ` ${index}`} killed ${delayMs} ms into its ${phase}`;
}

/**
 * Runs a job, and kills one of its processes. Returns what is wrong with how it ended: nothing, if it did so in time with
 * the right exit code, and nothing of it is left.
 *
 * @param limitMs - From the kill to the end of the job.
 */
export async function killOne(kill: Kill, limitMs: number, ground = playedHosts()): Promise<string[]> {
  const { phase, delayMs } = kill;
  let killedMs = 0;
  let over = false;
  /** Waits for the victim to be there, and kills it, unless the job is over. */
  const strike = async (): Promise<void> => {
    await pause(delayMs);
    for (; !over; await pause(2)) {
      const pid = find(ground, kill);
      if (pid === undefined) continue;
      process.kill(pid, "SIGKILL");
      killedMs = performance.now();
      return;
    }
  };
  let struck = Promise.resolve();
  const begin = (now: Phase): void => {
    if (now === phase) struck = strike().catch(() => undefined); // it has just ended
  };
  let seen = "";
  begin("start");
  const program = [meet, phase === "end" ? "200" : "Infinity"];
  const { code, signal, left, stderr } = await ground.run(program, (stdout) => {
    if (!seen.includes("running") && stdout.includes("running")) begin("middle");
    if (!seen.includes("ending") && stdout.includes("ending")) begin("end");
    seen = stdout;
  });
  const endedMs = performance.now();
  over = true;
  await struck;
  const tookMs = killedMs === 0 ? 0 : endedMs - killedMs;
  const expected = { rank: 137, agent: 125, launcher: null }[kill.victim];
  // What is killed at the end may have done its work.
  const right = code === expected || (phase === "end" && code === 0);
  return [
    ...(right ? [] : [`ended with ${signal ?? code}, not ${expected}: ${stderr}`]),
    ...left,
    ...(tookMs > limitMs ? [`took ${Math.round(tookMs)} ms`] : []),
  ];
}

/** The process to be killed: the launcher, the agent of a host, or a rank; `undefined` while it is not there. */
function find({ hosts, processes }: Ground, { victim, index }: Kill): number | undefined {
  const file = { rank: "program.mjs", agent: "launcher/agent.js", launcher: "launcher/cli.js" }[victim];
  const byHost = processes().map((pids) =>
    pids.filter((pid) => isNode(pid) && read(pid, "cmdline").includes(file)).sort((a, b) => a - b),
  );
  const all = byHost.flat();
  if (victim === "launcher") return all.at(0);
  if (victim === "rank") return all.find((pid) => read(pid, "environ").includes(`TSMPI_RANK=${index}\0`));
  if (byHost.length === hosts) return byHost[index].at(0);
  return all.length < hosts ? undefined : all[index]; // as they were started
}

/** Not the shell or the ssh that leads to it. */
function isNode(pid: number): boolean {
  return read(pid, "cmdline").split("\0")[0].endsWith("node");
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it has just ended
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
