import { fstatSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isatty } from "node:tty";
import { bundle, checkScript } from "./bundle.js";
import { UsageError } from "./errors.js";
import { exportedEnvironment } from "./exports.js";
import { isPlayedHere, startAgents } from "./agents.js";
import { findHosts } from "./hosts.js";
import { Job, type Node } from "./job.js";
import { Hub } from "./link.js";
import { mapRanks, type Mapping } from "./map.js";
import type { Options } from "./options.js";
import { Output } from "./output.js";
import { compressRanks } from "./ranks.js";
import { createSession, newJobId, removeSession, type Session } from "./session.js";
import { handleSignals } from "./signals.js";

/**
 * Runs a program: places its ranks, starts an agent on every host while the program is bundled, and sees the job
 * through.
 *
 * @returns The exit code; see `tsmpirun --help exit-codes`.
 * @throws {LaunchError} If nothing could be started, with the exit code to use.
 */
export async function run(options: Options): Promise<number> {
  checkScript(options.script);
  if (!statSync(options.directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--wdir ${options.directory}: no such folder`);
  }
  const environment = exportedEnvironment(options.exports, process.env);
  const mapping = place(options);
  const jobId = newJobId();
  const isHere = mapping.placements.some(({ host }) => isPlayedHere(host, options.launcher));
  const session: Session = isHere ? createSession(jobId) : { jobId, folder: undefined };
  const remove = () => void (session.folder !== undefined && removeSession(session.folder));
  process.on("exit", remove); // whatever happens here
  try {
    return await launch(options, mapping, session, environment);
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/** Which host runs which ranks. */
function place(options: Options): Mapping {
  const entries = findHosts(options);
  const mapping = mapRanks(entries, { ...options, cores: availableParallelism() });
  const { length } = mapping.placements;
  if (options.transport === "shm" && length > 1) {
    throw new UsageError(`--transport shm: memory is not shared between ${length} hosts; leave it out`);
  }
  const declared = options.hostfile !== undefined || options.hosts.length > 0;
  if (mapping.oversubscribed && declared && options.oversubscribe === undefined) {
    warn(options, `${mapping.size} ranks on ${mapping.slots} slots; say --oversubscribe if that is meant`);
  }
  return mapping;
}

async function launch(
  options: Options,
  mapping: Mapping,
  session: Session,
  environment: Record<string, string>,
): Promise<number> {
  const hub = new Hub(options.heartbeatMs);
  const consumed = (nodeRank: number, bytes: number) => hub.send(nodeRank, { kind: "consumed", bytes });
  const stdout = new Output(process.stdout, { tag: options.tagOutput, consumed });
  const stderr = new Output(process.stderr, { tag: options.tagOutput, consumed });
  const { placements, size } = mapping;
  const hosts = Array.from({ length: size }, () => 0);
  for (const [nodeRank, { ranks }] of placements.entries()) for (const rank of ranks) hosts[rank] = nodeRank;
  const agents = startAgents(mapping, hub, session, options, stdinToPass());
  const nodes = placements.map(({ host, ranks }, nodeRank): Node => {
    const here = isPlayedHere(host, options.launcher);
    return {
      agent: agents[nodeRank],
      start: {
        jobId: session.jobId,
        size,
        ranks,
        nodeRank,
        nodes: placements.length,
        host: host.name,
        attempt: 0,
        transport: options.transport,
        args: options.args,
        environment: here ? environment : withoutOwn(environment),
        directory: host.workdir ?? options.directory,
        stdinFd: undefined,
        hosts,
      },
    };
  });
  const job = new Job(hub, nodes, stdout, stderr, { ...options, session: session.folder });
  const unhandle = handleSignals(job);
  try {
    hub.deliver(
      (nodeRank, message) => job.receive(nodeRank, message),
      (nodeRank) => job.agentLost(nodeRank),
    );
    const program = await bundle(options.script);
    if (options.verbosity === "verbose") stderr.say(summary(mapping, session));
    const code = await job.run(program);
    await Promise.all([stdout.flushed(), stderr.flushed()]);
    return code;
  } finally {
    unhandle();
    for (const node of nodes) node.agent.release();
    await hub.close();
  }
}

/** Rank 0 reads what is piped into tsmpirun; a terminal stays with tsmpirun. */
function stdinToPass(): boolean {
  try {
    fstatSync(0);
    return !isatty(0);
  } catch {
    return false; // closed
  }
}

/** What only makes sense on this host does not travel to others. */
function withoutOwn(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OWN.test(name)));
}

const OWN = /^(SSH_.*|XDG_.*|DBUS_.*|DISPLAY|WAYLAND_DISPLAY|HOSTNAME|HOME|USER|LOGNAME|SHELL|TMPDIR|TERM)$/;

function summary(mapping: Mapping, session: Session): string {
  const hosts = mapping.placements.map((p) => `${p.host.name}: ${compressRanks(p.ranks)}`);
  return `tsmpirun: job ${session.jobId}, ${mapping.size} ranks; ${hosts.join("; ")}`;
}

function warn(options: Options, text: string): void {
  if (options.verbosity !== "quiet") process.stderr.write(`tsmpirun: ${text}\n`);
}
