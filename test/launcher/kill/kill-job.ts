import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { type Outcome, program, tsmpirun } from "../tsmpirun.js";

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

const HOSTS = 2;
const RANKS = 4;
/** Longest delay, by phase: starting takes about half a second, ending some hundredths. */
const DELAY_MS = { start: 500, middle: 200, end: 60 } as const;

/** A kill at random. Local. */
export function anyKill(random: () => number): Kill {
  const below = (limit: number) => Math.floor(random() * limit);
  const victim = victims[below(victims.length)];
  const phase = phases[below(phases.length)];
  const index = below(victim === "rank" ? RANKS : HOSTS);
  return { victim, index, phase, delayMs: below(DELAY_MS[phase]) };
}

export function describe({ victim, index, phase, delayMs }: Kill): string {
  return `${victim}${victim === "launcher" ? "" : ` ${index}`} killed ${delayMs} ms into its ${phase}`;
}

/**
 * Runs a job of four ranks on two played hosts, and kills one of its processes. Returns what is wrong with how it ended:
 * nothing, if it did so in time with the right exit code, and nothing of it is left.
 *
 * @param limitMs - From the kill to the end of the job.
 */
export async function killOne(kill: Kill, limitMs: number): Promise<string[]> {
  const marker = randomUUID();
  const { phase, delayMs } = kill;
  let killedMs = 0;
  let over = false;
  /** Waits for the victim to be there, and kills it, unless the job is over. */
  const strike = async (): Promise<void> => {
    await pause(delayMs);
    for (; !over; await pause(2)) {
      const pid = find(marker, kill);
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
  const outcome = await tsmpirun(
    ["--launcher", "fork", "--host", "a:2,b:2", program("meet.ts"), phase === "end" ? "200" : "Infinity"],
    {
      env: { TSMPI_KILL: marker },
      started: () => begin("start"),
      watch(_, stdout) {
        if (!seen.includes("running") && stdout.includes("running")) begin("middle");
        if (!seen.includes("ending") && stdout.includes("ending")) begin("end");
        seen = stdout;
      },
    },
  );
  over = true;
  await struck;
  const tookMs = killedMs === 0 ? 0 : performance.now() - killedMs;
  return [...wrong(kill, outcome), ...(tookMs > limitMs ? [`took ${Math.round(tookMs)} ms`] : [])];

  function wrong({ victim, phase }: Kill, { code, signal, left, stderr }: Outcome): string[] {
    const expected = { rank: 137, agent: 125, launcher: null }[victim];
    // What is killed at the end may have done its work.
    const right = code === expected || (phase === "end" && code === 0);
    return [...(right ? [] : [`ended with ${signal ?? code}, not ${expected}: ${stderr}`]), ...left];
  }
}

/** The process to be killed: the launcher of a marked job, its agents in order of their ids, or a rank. */
function find(marker: string, { victim, index }: Kill): number | undefined {
  const own = readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && read(pid, "environ").includes(marker),
  );
  const file = { rank: "program.mjs", agent: "launcher/agent.js", launcher: "launcher/cli.js" }[victim];
  const found = own.filter((pid) => read(pid, "cmdline").includes(file));
  if (victim === "rank")
    return number(found.find((pid) => read(pid, "environ").includes(`TSMPI_RANK=${index}\0`)));
  const sorted = found.map(Number).sort((a, b) => a - b);
  return victim === "agent" && sorted.length < HOSTS ? undefined : sorted[victim === "agent" ? index : 0];
}

function number(pid: string | undefined): number | undefined {
  return pid === undefined ? undefined : Number(pid);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // it has just ended
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
