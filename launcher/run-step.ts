import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { segmentBytes } from "../src/comm/wire/segment.js";
import { transportNames } from "../src/comm/wire/messages.js";
import { addressToward } from "./address.js";
import { Agent, ownAddress, type Surroundings } from "./host-agent.js";
import { bundle, withCompiler } from "./bundle.js";
import { deferred } from "./deferred.js";
import { exitCodes, LaunchError } from "./errors.js";
import { readEnding } from "./ending-options.js";
import { EventLog } from "./event-log.js";
import { findScript } from "./find-script.js";
import { createHostMemory, type HostMemory } from "./host-memory.js";
import { Job } from "./job.js";
import { jobStart } from "./job-start.js";
import { newRankKeys } from "./keys.js";
import { knobs } from "./knobs.js";
import { Hub } from "./link.js";
import { offerMemory, takeMemory } from "./offered-memory.js";
import type { Source } from "./programs.js";
import { Records } from "./records.js";
import { readReport } from "./report-options.js";
import { readOutput } from "./output-options.js";
import { Outputs } from "./outputs.js";
import { rankVariables, settle, valuesOf } from "./settings.js";
import { Feed } from "./stdin.js";
import { inPrivateFolder } from "./session.js";
import type { Node } from "./roll.js";
import { handleSignals } from "./signals.js";
import type { AgentConfig } from "./start-agent.js";
import { failTask, type Step } from "./step.js";
import { MEET_MS, OtherTaskFailed, StepFiles } from "./step-files.js";
import { watchTasks } from "./step-watch.js";
import { messageOf } from "../src/thrown.js";

const LINGER_MS = 1000;
const LOOK_MS = 20;
/** Tasks may start so much later than the first one. */
const FAREWELL_MS = 3000;

/**
 * `srun npx tsmpi script.ts`, without any MPI: each task is the agent of one rank, and the first one is the launcher, too.
 *
 * Tasks meet at a file that only this user can read, on a disk that all hosts share (TSMPI_KEYFILE; default: in
 * ~/.cache/tsmpi). It holds address and keys (one pair for the connections of ranks, as in any job), and is removed as
 * soon as all ranks run. Tasks of one host find their memory by a file of that host. A task that fails before says so in
 * another file, so that the others end at once.
 *
 * @returns The exit code of the job, the same for all tasks.
 * @throws {LaunchError} If the program does not compile, or the tasks do not meet.
 */
export async function runStep(step: Step, source: Source, args: readonly string[]): Promise<number> {
  const files = new StepFiles(step);
  try {
    const script = source.code === undefined ? await findScript(source.script) : source.script;
    if (step.rank === 0) return await runFirst(step, files, { ...source, script }, args);
    return await runTask(step, files, await configOf(step, files));
  } catch (error) {
    if (error instanceof OtherTaskFailed) return error.exitCode;
    const code = error instanceof LaunchError ? error.exitCode : exitCodes.launcher;
    if (!files.fail(messageOf(error), step.rank, code)) return code;
    if (error instanceof LaunchError) throw error;
    return failTask(step, error);
  } finally {
    const isEarly = step.rank === 0 && !files.met;
    if (isEarly) files.fail("the job has ended before all tasks had come");
    // Tasks that start later than this one look why they are alone.
    if (isEarly || files.tells) await delay(FAREWELL_MS);
    files.remove();
  }
}

/** What the first task publishes. */
async function configOf(step: Step, files: StepFiles): Promise<AgentConfig> {
  const unwatch = watchTasks(step, files);
  try {
    return await files.config();
  } finally {
    unwatch();
  }
}

/** One rank, to its end; resolves to the exit code. */
async function runTask(step: Step, files: StepFiles, config: AgentConfig): Promise<number> {
  const memory = await memoryOf(step, files);
  const address = await ownAddress(config);
  return new Promise((leave) => {
    const met = (): void => {
      files.met = true;
      files.remove();
    };
    const around: Surroundings = { memory, bound: boundCpus(step), met, write, leave };
    const agent = new Agent(config, address, around);
    if (step.rank === 0) return; // it decides what signals mean
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGCONT"] as const)
      process.on(name, () => agent.forward(name));
    process.on("SIGQUIT", () => undefined); // all tasks get it, and one reports
  });
}

function write(stream: 1 | 2, bytes: Uint8Array, written: () => void): void {
  (stream === 1 ? process.stdout : process.stderr).write(bytes, () => written());
}

async function memoryOf({ rank, beside }: Step, files: StepFiles): Promise<HostMemory> {
  const file = files.memory();
  if (rank !== beside[0]) return takeMemory(files.appearing(file));
  const memory = createHostMemory(beside.length, segmentBytes(beside.length));
  inPrivateFolder(() => offerMemory(memory, file));
  return memory;
}

/** Slurm may have bound each task to CPUs of its own. */
function boundCpus({ beside, cpus = 0 }: Step): number {
  const own = availableParallelism();
  return beside.length > 1 && own < cpus ? own : 0;
}

/** The first task: it tells the others where to come, and sees the job through beside its own rank. */
async function runFirst(
  step: Step,
  files: StepFiles,
  { script, code: text }: Source,
  args: readonly string[],
): Promise<number> {
  const program = await withCompiler(() => bundle(script, text)); // nobody is called to what does not compile
  const { size, hosts, hostOf, launcherAddress } = step;
  const several = hosts.length > 1;
  const address = several ? await addressToward(launcherAddress || hosts[1]) : "127.0.0.1";
  const settings = settle();
  const flags = valuesOf(settings, knobs);
  const ending = readEnding(flags);
  const report = readReport(flags);
  const records = new Records(report);
  const { heartbeatMs } = ending;
  const hub = new Hub(heartbeatMs, LINGER_MS);
  const endpoint = await hub.bindAddress(address);
  const rankKeys = newRankKeys(several);
  const configs = hostOf.map((_, rank): AgentConfig => ({
    endpoint,
    invitation: hub.invite(rank),
    rankKeys,
    nodeRank: rank,
    among: several ? size : 1,
    heartbeatMs,
    address: undefined,
    iface: undefined,
    ports: undefined,
    heir: rank === 0 ? { rank, fd: 0 } : undefined,
    fed: [],
    raw: false,
    anywhere: false,
  }));
  files.check();
  files.publish(configs);
  const unwatch = watchTasks(step, files);
  const transport = transportNames.find((name) => name === flags.transport) ?? "auto";
  const common = jobStart(`slurm-${step.name}`, transport, hostOf);
  const gone = hostOf.map(() => deferred<string>());
  const nodes = hostOf.map((host, rank): Node => ({
    agent: { local: false, gone: gone[rank].promise, release: nothing, kill: nothing },
    host: hosts[host],
    ranks: [rank],
    stage: () => `task ${rank} has not connected`,
    start: ([program]) => ({
      ...common,
      ranks: [{ rank, program: 0, cpus: [], flags: [] }],
      nodeRank: rank,
      host: hosts[host],
      programs: [
        {
          ...program,
          args,
          environment: { ...rankVariables(settings), ...records.wanted },
          directory: process.cwd(),
        },
      ],
    }),
  }));
  const outputs: Outputs = new Outputs(readOutput(flags), {
    size,
    jobId: step.name,
    host: (rank) => job.hostOf(rank),
    pid: (rank) => job.pidOf(rank),
  });
  const job: Job = new Job(hub, nodes, outputs, new Feed([], [], nothing), {
    ...ending,
    ...report,
    records,
    startTimeoutMs: ending.startTimeoutMs ?? MEET_MS,
    printExitCodes: flags["print-exit-codes"] ?? false,
    progress: flags.progress ?? false,
    log: new EventLog(undefined),
    directory: process.cwd(),
  });
  const unhandle = handleSignals(job, ["SIGUSR2"]);
  let running = size;
  let farewell: NodeJS.Timeout | undefined;
  const look = (): void => hostOf.forEach((_, rank) => hub.send(rank, { kind: "alive" }));
  hub.deliver(
    (rank, message) => {
      // Tasks leave when they are told to: the sooner it is seen that they have, the sooner this one can.
      if (message.kind === "drained" && --running === 0) farewell = setInterval(look, LOOK_MS);
      job.receive(rank, message);
    },
    (rank) => gone[rank].resolve("its task has ended"),
  );
  const absences = setInterval(() => {
    const { absence } = files;
    if (!files.met && absence === undefined) return;
    clearInterval(absences);
    unwatch();
    if (absence !== undefined) gone[absence.rank].resolve(absence.text);
  }, LOOK_MS);
  try {
    const own = runTask(step, files, configs[0]).catch((error: unknown) => files.fail(messageOf(error)));
    const code = await job.run([program]);
    // Its agent may not have come either.
    await Promise.race([own, delay(LINGER_MS, undefined, { ref: false })]);
    return code;
  } finally {
    unhandle();
    unwatch();
    clearInterval(absences);
    clearInterval(farewell);
    await hub.close();
  }
}

function nothing(): void {}
