import { fstatSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isatty } from "node:tty";
import { bundle, checkScript } from "./bundle.js";
import { UsageError } from "./errors.js";
import { exportedEnvironment } from "./exports.js";
import { findHosts, isThisHost } from "./hosts.js";
import { Job, type Node } from "./job.js";
import { Hub } from "./link.js";
import { mapRanks, type Mapping } from "./map.js";
import type { Options } from "./options.js";
import { Output } from "./output.js";
import { compressRanks } from "./ranks.js";
import { createSession, removeSession, type Session } from "./session.js";
import { handleSignals } from "./signals.js";
import { startLocalAgent } from "./start-agent.js";
import { root } from "./version.js";

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
  const session = createSession();
  const remove = () => removeSession(session.folder);
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
  const remote = mapping.placements.find((placement) => !isThisHost(placement.host.name));
  if (remote) {
    throw new UsageError(
      `${remote.host.name} (${remote.host.origin}): starting ranks on other hosts is not available yet; use localhost`,
    );
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
  const hub = new Hub();
  const consumed = (nodeRank: number, bytes: number) => hub.send(nodeRank, { kind: "consumed", bytes });
  const stdout = new Output(process.stdout, { tag: options.tagOutput, consumed });
  const stderr = new Output(process.stderr, { tag: options.tagOutput, consumed });
  const endpoint = `ipc://${session.folder}/control`;
  const stdin = stdinToPass();
  const nodes = mapping.placements.map((placement, nodeRank): Node => {
    const { host, ranks } = placement;
    const agent = startLocalAgent(
      { endpoint, keys: hub.keys, nodeRank, session: session.folder },
      stdin && nodeRank === 0,
    );
    return {
      agent,
      start: {
        jobId: session.jobId,
        size: mapping.size,
        ranks,
        nodeRank,
        nodes: mapping.placements.length,
        host: host.name,
        attempt: 0,
        transport: options.transport,
        encrypt: options.encrypt,
        address: "127.0.0.1",
        root,
        args: options.args,
        environment,
        directory: options.directory,
        stdinFd: undefined,
      },
    };
  });
  const job = new Job(hub, nodes, stdout, stderr, { ...options, session: session.folder });
  const unhandle = handleSignals(job);
  try {
    await hub.listen(endpoint, (nodeRank, message) => job.receive(nodeRank, message));
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

function summary(mapping: Mapping, session: Session): string {
  const hosts = mapping.placements.map((p) => `${p.host.name}: ${compressRanks(p.ranks)}`);
  return `tsmpirun: job ${session.jobId}, ${mapping.size} ranks; ${hosts.join("; ")}`;
}

function warn(options: Options, text: string): void {
  if (options.verbosity !== "quiet") process.stderr.write(`tsmpirun: ${text}\n`);
}
