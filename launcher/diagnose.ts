import type { HostCheck } from "./check-hosts.js";
import type { HostFacts } from "./host-facts.js";
import { describeTopology } from "../src/topology/topology.js";

/** Something that is well, that may do harm, or that stops a job. */
export interface Finding {
  readonly level: "ok" | "warning" | "error";
  /** What is so, and what to do about it. */
  readonly text: string;
}

/**
 * What can be said of a host before a job runs there. Local, pure.
 *
 * @param own - The launcher's host, with which it is compared.
 * @param unreached - What is wrong with its connections; `undefined`: nobody has tried them.
 */
export function diagnose(
  { host, answer, skewMs }: HostCheck,
  own: HostFacts,
  unreached?: readonly string[],
): Finding[] {
  if ("failure" in answer) return [{ level: "error", text: `no agent: ${answer.failure}` }];
  const { facts, ms } = answer;
  const cores = facts.topology.length;
  const wanted = host.slots ?? cores;
  const findings: (Finding | undefined)[] = [
    ok(
      `answers in ${ms.toFixed(0)} ms; node ${facts.node}, ${facts.arch}, ${describeTopology(facts.topology)}`,
    ),
    facts.addresses.length > 0
      ? ok(`addresses: ${facts.addresses.join(", ")}`)
      : warning("no address but the loopback: no other host can reach it"),
    ...(unreached ?? []).map(error),
    unreached?.length === 0 ? ok("reaches the other hosts, and is reached from here") : undefined,
    facts.node.split(".")[0] === own.node.split(".")[0]
      ? undefined
      : warning(
          `node ${facts.node}, here ${own.node}: objects that ranks send each other may not be understood`,
        ),
    Number(facts.node.slice(1).split(".")[0]) < LEAST_NODE
      ? error(`node ${facts.node} is too old; install ${LEAST_NODE} or later`)
      : undefined,
    facts.arch === own.arch
      ? undefined
      : error(`it is ${facts.arch}, this host is ${own.arch}; ranks cannot be mixed`),
    ...facts.broken.map((text) =>
      error(`a native package does not load: ${text}; install tsmpi there again`),
    ),
    facts.memoryBytes / wanted < LEAST_RANK_BYTES
      ? warning(`${gib(facts.memoryBytes)} of memory for ${wanted} ranks; start fewer there`)
      : ok(`memory ${gib(facts.memoryBytes)}, shared memory ${gib(facts.shmBytes)} free`),
    facts.temporaryBytes >= 0 && facts.temporaryBytes < LEAST_DISK_BYTES
      ? warning("the temporary folder is full; set XDG_RUNTIME_DIR, or make room")
      : undefined,
    facts.openFiles >= 0 && facts.openFiles < FILES_BASE + FILES_PER_RANK * wanted
      ? warning(`ulimit -n ${facts.openFiles} is little for ${wanted} ranks; raise it`)
      : ok(`ulimit -n ${facts.openFiles < 0 ? "unlimited" : facts.openFiles}`),
    Math.abs(skewMs) > MOST_SKEW_MS + ms
      ? warning(`its clock is ${(skewMs / 1000).toFixed(1)} s off: times in logs will not match; use NTP`)
      : undefined,
    wanted > cores ? warning(`${wanted} slots on ${cores} CPUs: ranks share them`) : undefined,
  ];
  return findings.filter((finding) => finding !== undefined);
}

const LEAST_NODE = 20;
const LEAST_RANK_BYTES = 100 * 2 ** 20;
const LEAST_DISK_BYTES = 10 * 2 ** 20;
/** The agent has three pipes, a channel and two ends of a bell for each rank; a rank has a bell for each other. */
const FILES_BASE = 64;
const FILES_PER_RANK = 8;
const MOST_SKEW_MS = 1000;

const ok = (text: string): Finding => ({ level: "ok", text });
const warning = (text: string): Finding => ({ level: "warning", text });
const error = (text: string): Finding => ({ level: "error", text });

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
