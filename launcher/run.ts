import { statSync } from "node:fs";
import type { Start } from "../src/comm/wire/messages.js";
import { startAgents } from "./agents.js";
import { type Bundle, bundle, withCompiler } from "./bundle.js";
import { debugFlags, listInspectors, lookedInto } from "./debugging.js";
import { displayPlan, showBinding } from "./display.js";
import { UsageError } from "./errors.js";
import { EventLog } from "./event-log.js";
import { exportedEnvironment, travelling } from "./exports.js";
import { findScript } from "./find-script.js";
import { Job } from "./job.js";
import { jobStart } from "./job-start.js";
import { Hub } from "./link.js";
import { completeTold, type Options } from "./options.js";
import { checkShown } from "./output-options.js";
import { Outputs } from "./outputs.js";
import { Records } from "./records.js";
import { remarkOnOrder } from "./placement/rank.js";
import type { Mapping } from "./placement/place.js";
import { type Plan, planJob } from "./plan.js";
import type { Program } from "./programs.js";
import { compressRanks } from "./ranks.js";
import { checkPlace } from "./rank-files.js";
import { checkPorts } from "./network-options.js";
import type { Node } from "./roll.js";
import { newJobId, openSession, type Session } from "./session.js";
import { handleSignals } from "./signals.js";
import { Feed, planStdin } from "./stdin.js";
import { version } from "./version.js";

/**
 * Runs a job: places its ranks, starts an agent on every host while the programs are bundled, and sees the job through.
 *
 * @returns The exit code; see `tsmpirun --help exit-codes`.
 * @throws {LaunchError} If nothing could be started, with the exit code to use.
 */
export async function run(asked: Options): Promise<number> {
  const told = await completeTold(asked.told);
  const options = { ...asked, told, programs: await Promise.all(asked.programs.map(locate)) };
  for (const { directory } of options.programs) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
      throw new UsageError(`--wdir ${directory}: no such folder`);
  }
  const environments = options.programs.map(({ exports }) => exportedEnvironment(exports, process.env));
  for (const environment of environments) travelling(environment, [], options.exported); // refuses names that are not set
  if (lookedInto(options.debug) && options.programs.some(({ foreign }) => foreign))
    throw new UsageError("--exec: inspectors and profiles are those of node, for scripts; leave one out");
  if (options.output.files !== undefined) checkPlace(options.output.files);
  const plan = await planJob(options);
  try {
    check(plan, options);
    const shown = displayPlan(plan, options, environments);
    if (shown !== "") process.stdout.write(`${shown}\n`);
    if (options.placement.dryRun) return 0;
    const log = new EventLog(options.debug.logJson);
    try {
      return await runPlan(plan, options, environments, log);
    } finally {
      log.close();
    }
  } finally {
    plan.remotes.release();
  }
}

async function locate(program: Program): Promise<Program> {
  const { script, code, foreign } = program;
  return foreign || code !== undefined ? program : { ...program, script: await findScript(script) };
}

function check({ mapping, allocation, remotes }: Plan, options: Options): void {
  const { length } = mapping.placements;
  if (options.transport === "shm" && length > 1) {
    throw new UsageError(`--transport shm: memory is not shared between ${length} hosts; leave it out`);
  }
  if (overNetwork(options, mapping))
    checkPorts(options.network, mapping.placements, ({ host }) => remotes.isPlayedHere(host));
  const declared = options.hostfile !== undefined || options.hosts.length > 0 || allocation.manager !== "";
  if (mapping.oversubscribed && declared && options.oversubscribe === undefined) {
    warn(options, `${mapping.size} ranks on ${mapping.slots} slots; say --oversubscribe if that is meant`);
  }
  const order = remarkOnOrder(options.placement.rankBy, mapping.placements);
  if (order !== undefined) warn(options, order);
  if (!options.encrypt && overNetwork(options, mapping))
    say(options, "--no-encrypt: messages between ranks travel in the clear");
}

type Environment = Readonly<Record<string, string>>;

async function runPlan(
  plan: Plan,
  options: Options,
  environments: readonly Environment[],
  log: EventLog,
): Promise<number> {
  const jobId = newJobId(options.name);
  const isHere = plan.mapping.placements.some(({ host }) => plan.remotes.isPlayedHere(host));
  const session = isHere ? openSession() : undefined;
  const remove = () => session?.remove();
  process.on("exit", remove); // whatever happens here
  try {
    return await launch(plan, options, jobId, session, environments, log);
  } finally {
    remove();
    process.off("exit", remove);
  }
}

async function launch(
  plan: Plan,
  options: Options,
  jobId: string,
  session: Session | undefined,
  environments: readonly Environment[],
  log: EventLog,
): Promise<number> {
  log.mark("placed");
  const records = new Records(options.report);
  const { mapping, remotes } = plan;
  const { size, placements } = mapping;
  const stdin = planStdin(options.output.stdin, mapping, (nodeRank) =>
    remotes.isPlayedHere(placements[nodeRank].host),
  );
  // What may be wrong on the command line comes first: the hub keeps this process alive.
  checkShown(options.output, size);
  const inspectors = listInspectors(options.debug, placements, ({ host }) => remotes.isPlayedHere(host));
  const hub = new Hub(options.ending.heartbeatMs, 0, options.network.ports);
  const outputs: Outputs = new Outputs(options.output, {
    size,
    jobId,
    host: (rank) => job.hostOf(rank),
    pid: (rank) => job.pidOf(rank),
  });
  const hosts = placements.map(({ host, ranks }) => ({ host: host.name, slots: host.slots, ranks }));
  const programs = options.programs.map(({ script, args, count }) => ({ script, args, count }));
  log.write("map", { job: jobId, version, size, programs, hosts });
  if (inspectors.length > 0) outputs.say(inspectors.join("\n"));
  remotes.releaseOthers(placements.map(({ host }) => host));
  const agents = startAgents(mapping, remotes, hub, session?.folder, options, stdin);
  const starts = startsOf(plan, options, jobId, environments, records.wanted, (text) => outputs.say(text));
  const nodes = placements.map(({ host, ranks }, nodeRank): Node => {
    return {
      agent: agents[nodeRank],
      host: host.name,
      ranks,
      start: starts[nodeRank],
      stage: () => remotes.stageOf(host),
    };
  });
  const { directory } = options.programs[0];
  const readers = placements.flatMap(({ ranks }, i) =>
    ranks.some((rank) => stdin.fed.includes(rank)) ? [i] : [],
  );
  const feed = new Feed(stdin.fed, readers, (nodeRank, bytes) =>
    hub.send(nodeRank, { kind: "input", bytes }),
  );
  const { printExitCodes } = options.output;
  const job: Job = new Job(hub, nodes, outputs, feed, {
    ...options.ending,
    ...options.report,
    records,
    startTimeoutMs: options.ending.startTimeoutMs ?? startMs(options, placements.length),
    printExitCodes,
    progress: options.progress,
    directory,
    log,
  });
  const unhandle = handleSignals(job, options.ending.forwarded);
  try {
    hub.deliver(
      (nodeRank, message) => job.receive(nodeRank, message),
      (nodeRank) => job.agentLost(nodeRank),
    );
    const bundles = await bundleAll(options.programs);
    log.mark("bundled");
    if (options.verbosity === "verbose") outputs.say(summary(mapping, jobId));
    const code = await job.run(bundles);
    if (hub.refused > 0) outputs.say(`tsmpirun: turned away ${hub.refused} connections of strangers`);
    log.mark("ended");
    if (options.verbosity === "verbose") outputs.say(`tsmpirun: ${log.timing}`);
    await outputs.flushed();
    return code;
  } finally {
    unhandle();
    feed.stop();
    for (const node of nodes) node.agent.release();
    await hub.close();
  }
}

/** What the agent of each host is to run, to be made once the host is known and the programs are bundled. */
function startsOf(
  plan: Plan,
  options: Options,
  jobId: string,
  environments: readonly Environment[],
  wanted: Environment,
  say: (text: string) => void,
): ((bundles: readonly Bundle[]) => Start)[] {
  const { mapping, remotes, programs } = plan;
  const { placements, size } = mapping;
  const told = {
    TSMPI_UNIVERSE_SIZE: `${mapping.slots}`,
    ...options.told,
    ...wanted,
  };
  const hosts = Array.from({ length: size }, () => 0);
  for (const [nodeRank, { ranks }] of placements.entries()) for (const rank of ranks) hosts[rank] = nodeRank;
  const job = jobStart(jobId, options.transport, hosts, options.preload);
  return placements.map((placement, nodeRank) => (bundles) => {
    const { host, ranks } = placement;
    const cpus = plan.cpusOf(placement, plan.topologyOf(host) ?? []);
    const other = remotes.greetingOf(host)?.node ?? process.version;
    if (other.split(".")[0] !== process.version.split(".")[0])
      say(
        `tsmpirun: ${host.name} has node ${other}, this host ${process.version}: objects may not be understood`,
      );
    if (options.placement.display.includes("bind")) say(showBinding(plan, placement).join("\n"));
    const here = remotes.isPlayedHere(host);
    return {
      ...job,
      ranks: ranks.map((rank, i) => ({
        rank,
        program: programs[rank],
        cpus: cpus[i] ?? [],
        flags: [...options.programs[programs[rank]].flags, ...debugFlags(options.debug, rank)],
      })),
      nodeRank,
      host: host.name,
      programs: options.programs.map(({ script, foreign, args, directory, exports }, i) => ({
        ...bundles[i],
        args: foreign ? [script, ...args] : args,
        environment: {
          ...(here ? environments[i] : travelling(environments[i], exports, options.exported)),
          ...told,
        },
        directory: host.workdir ?? directory,
      })),
    };
  });
}

/** Each script once. */
async function bundleAll(programs: readonly Program[]): Promise<Bundle[]> {
  const bundles = new Map<string, Promise<Bundle>>();
  const one = async ({ script, code, foreign }: Program): Promise<Bundle> => {
    if (foreign) return NO_SCRIPT;
    if (code !== undefined) return bundle(script, code);
    const bundled = bundles.get(script) ?? bundle(script);
    bundles.set(script, bundled);
    return bundled;
  };
  const all = async () => Promise.all(programs.map(one));
  return programs.every(({ foreign }) => foreign) ? all() : withCompiler(all);
}

const NO_SCRIPT: Bundle = { code: new Uint8Array(), sourceMap: new Uint8Array() };

function overNetwork({ transport }: Options, { placements }: Mapping): boolean {
  return transport === "tcp" || transport === "zmq" || placements.length > 1;
}

/** Time for agents to come, unless it is said. */
function startMs({ launcher }: Options, hosts: number): number {
  return launcher === "manual" ? START_BY_HAND_MS : START_MS + START_MS_PER_HOST * hosts;
}

const START_MS = 60_000;
const START_MS_PER_HOST = 1000 / 16;
const START_BY_HAND_MS = 600_000;

function summary(mapping: Mapping, jobId: string): string {
  const hosts = mapping.placements.map((p) => `${p.host.name}: ${compressRanks(p.ranks)}`);
  return `tsmpirun: job ${jobId}, ${mapping.size} ranks; ${hosts.join("; ")}`;
}

/** Says what may not be meant; with --strict it is an error. */
function warn(options: Options, text: string): void {
  if (options.ending.strict) throw new UsageError(`${text} (--strict)`);
  say(options, text);
}

function say(options: Options, text: string): void {
  if (options.verbosity !== "quiet") process.stderr.write(`tsmpirun: ${text}\n`);
}
