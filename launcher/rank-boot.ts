import type { Boot } from "../src/comm/boot.js";
import type { Start } from "../src/comm/wire/messages.js";
import { isOn, variableOf } from "../src/knobs.js";
import { koffiBinary } from "../src/native.js";
import type { HostMemory } from "./host-memory.js";
import { CONTROL_FD, FIRST_INHERITED_FD } from "./rank-process.js";
import type { AgentConfig } from "./start-agent.js";
import { root, version } from "./version.js";

/** Ranks give up a silent host after the launcher, which can name it. */
const PATIENCE = 1.5;

/** What a rank of this host is, beside what is the same for all. */
export interface Place {
  readonly rank: number;
  readonly program: number;
  readonly localRanks: readonly number[];
  readonly memory: HostMemory | undefined;
  readonly crowded: boolean;
}

/** All ranks of this host, other agents' included. Local, pure. */
export function ranksBeside({ hosts, ranks: [first] }: Start): number[] {
  return hosts.flatMap((host, rank) => (host === hosts[first.rank] ? [rank] : []));
}

/** What a rank is told over its control channel. Local, pure. */
export function bootOf(
  start: Start,
  { rank, program, localRanks, memory, crowded }: Place,
  { rankKeys, heartbeatMs, ports }: AgentConfig,
  address: string,
): Boot {
  const localRank = localRanks.indexOf(rank);
  const [segmentFd, bellFd, ...ring] = inheritedBy(localRank, memory).map((_, i) => FIRST_INHERITED_FD + i);
  return {
    jobId: start.jobId,
    rank,
    size: start.size,
    localRank,
    localSize: localRanks.length,
    crowded,
    nodeRank: start.hosts[rank],
    nodes: start.nodes,
    host: start.host,
    appnum: program,
    attempt: start.attempt,
    transport: start.transport,
    localRanks,
    segment: memory && { fd: segmentFd, bytes: memory.bytes },
    bells: memory && { own: bellFd, ring },
    ...rankKeys,
    address,
    hosts: start.hosts,
    silentMs: PATIENCE * heartbeatMs,
    ports,
  };
}

/** The agent's descriptors that a rank inherits, in the order in which Boot numbers them. Local, pure. */
export function inheritedBy(localRank: number, memory: HostMemory | undefined): number[] {
  if (!memory) return [];
  return [memory.segment, memory.bells[localRank].read, ...memory.bells.map((bell) => bell.write)];
}

/**
 * The variables of a rank: those of this host, over them those of the job; names of other launchers' under either. Local.
 *
 * @param own - What the job and the host's limits set.
 */
export function variablesOf(
  boot: Boot,
  own: { readonly limits: Variables; readonly job: Variables; readonly files: string | undefined },
): NodeJS.ProcessEnv {
  return {
    // What belongs to a host stays that host's own.
    ...own.limits,
    ...usualNames(boot),
    ...process.env,
    ...own.job,
    ...(isOn(own.job[variableOf("compat-env")] ?? "") ? openMpiNames(boot) : {}),
    ...environmentOf(boot),
    ...(own.files === undefined ? {} : { TSMPI_FILES: own.files }),
  };
}

type Variables = Readonly<Record<string, string>>;

function environmentOf(boot: Boot): Record<string, string> {
  const koffi = koffiBinary();
  return {
    ...(koffi === undefined ? {} : { TSMPI_KOFFI: koffi }),
    TSMPI_RANK: `${boot.rank}`,
    TSMPI_SIZE: `${boot.size}`,
    TSMPI_LOCAL_RANK: `${boot.localRank}`,
    TSMPI_LOCAL_SIZE: `${boot.localSize}`,
    TSMPI_NODE_RANK: `${boot.nodeRank}`,
    TSMPI_NODES: `${boot.nodes}`,
    TSMPI_APPNUM: `${boot.appnum}`,
    TSMPI_JOB_ID: boot.jobId,
    TSMPI_ATTEMPT: `${boot.attempt}`,
    TSMPI_VERSION: version,
    TSMPI_CONTROL_FD: `${CONTROL_FD}`,
    TSMPI_ROOT: root,
  };
}

/** Names that other launchers use, for programs that look for them; what is set already stays as it is. */
function usualNames({ rank, size, localRank, localSize }: Boot): Record<string, string> {
  return {
    RANK: `${rank}`,
    WORLD_SIZE: `${size}`,
    LOCAL_RANK: `${localRank}`,
    LOCAL_WORLD_SIZE: `${localSize}`,
  };
}

function openMpiNames({ rank, size, localRank, localSize }: Boot): Record<string, string> {
  return {
    OMPI_COMM_WORLD_RANK: `${rank}`,
    OMPI_COMM_WORLD_SIZE: `${size}`,
    OMPI_COMM_WORLD_LOCAL_RANK: `${localRank}`,
    OMPI_COMM_WORLD_LOCAL_SIZE: `${localSize}`,
  };
}
