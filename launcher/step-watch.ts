import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { nameRanks } from "./ranks.js";
import { besideAll } from "./srun-agents.js";
import type { Step } from "./step.js";
import type { StepFiles } from "./step-files.js";

/** Time until a task looks for the first time, between its looks, and between those of one task and of the next. */
const LOOK_MS = 2000;
const ANSWER_MS = 20_000;

/**
 * Asks Slurm, until all tasks of a step have met, whether one of them has ended before it could say anything, and tells the
 * others. Tasks look one after the other, so that few ask and none is needed: the first one does while others are missing,
 * the rest only while that one is. Where Slurm cannot be asked from within a job, nothing is found. Local.
 *
 * @returns What ends the looking.
 */
export function watchTasks(step: Step, files: StepFiles): () => void {
  const over = new AbortController();
  void watch(step, files, over.signal).catch(() => undefined); // it is over
  return () => over.abort();
}

async function watch(step: Step, files: StepFiles, signal: AbortSignal): Promise<void> {
  const { rank, beside, hostOf } = step;
  let idle: ReadonlySet<string> = new Set();
  let lookMs = LOOK_MS;
  await delay(LOOK_MS * (hostOf[rank] + beside.indexOf(rank)), undefined, { signal, ref: false });
  for (; ; lookMs *= 2) {
    await delay(lookMs, undefined, { signal, ref: false });
    const seen = parseTasks(await listTasks(step, signal).catch(() => ""));
    signal.throwIfAborted();
    const ended = endedTasks(step, seen, idle);
    const text = describe(step, ended);
    if (ended.length > 0 && files.fail(text, ended[0]) && rank > 0) process.stderr.write(`tsmpi: ${text}\n`);
    idle = new Set([...seen].flatMap(([host, tasks]) => (tasks.size === 0 ? [host] : [])));
  }
}

/** What scontrol says on each host of the step about its processes, every line after the host's name. */
async function listTasks({ hosts, id }: Step, signal: AbortSignal): Promise<string> {
  const { args, environment: env } = besideAll(hosts);
  const script = `scontrol listpids ${id} 2>&1 | while read -r line; do echo "$SLURMD_NODENAME $line"; done`;
  const words = ["--quiet", "--input=none", ...args, "sh", "-c", script];
  const { stdout } = await promisify(execFile)("srun", words, { env, signal, timeout: ANSWER_MS });
  return stdout;
}

/**
 * Tasks that run, for each host that has answered. Local, pure.
 *
 * @param text - Lines as `node1 4711 7 0 1 3`: host, process, job, step, and the task's number on the host and in the step,
 * `-` for what a task has started; below a heading. A host without tasks may say that there is no such step.
 */
export function parseTasks(text: string): ReadonlyMap<string, ReadonlySet<number>> {
  const running = new Map<string, Set<number>>();
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  for (const [host, ...words] of lines) if (words.at(-1) === "GLOBALID") running.set(host, new Set());
  for (const [host, ...words] of lines) {
    const isTask = words.length === 5 && words.every((word) => /^\d+$/.test(word));
    if (isTask) running.get(host)?.add(Number(words[4]));
    else if (!/^\d+ .* -$|GLOBALID$|does not exist/.test(words.join(" "))) running.delete(host); // it cannot tell
  }
  return running;
}

/**
 * Tasks that have ended. Local, pure.
 *
 * @param seen - Tasks that run, by host.
 * @param idle - Hosts that had no task before: it may not have come to them yet when it has to others.
 */
export function endedTasks(
  { hosts, hostOf }: Pick<Step, "hosts" | "hostOf">,
  seen: ReadonlyMap<string, ReadonlySet<number>>,
  idle: ReadonlySet<string>,
): number[] {
  return hostOf.flatMap((host, task) => {
    const running = seen.get(hosts[host]);
    const isKnown = running !== undefined && (running.size > 0 || idle.has(hosts[host]));
    return isKnown && !running.has(task) ? [task] : [];
  });
}

function describe({ hosts, hostOf }: Step, tasks: readonly number[]): string {
  const on = [...new Set(tasks.map((task) => hosts[hostOf[task]]))].join(", ");
  const whose = tasks.length > 1 ? "the tasks of srun" : "the task of srun";
  return `${whose} for ${nameRanks(tasks)} on ${on} ended before the job could start; srun says how`;
}
