import { lookup } from "node:dns/promises";
import { columns } from "./columns.js";
import type { Greeting } from "./greeting.js";
import { type HostFacts, hostFacts } from "./host-facts.js";
import type { HostEntry } from "./hostfile.js";
import { describeTopology } from "../src/topology/topology.js";
import type { RemoteAgents } from "./remote-agents.js";
import { version } from "./version.js";
import { messageOf } from "../src/thrown.js";

/** What came of asking a host. */
export interface HostCheck {
  readonly host: HostEntry;
  /** Its address by the resolver, and how long that took; ssh may know it under another one. */
  readonly resolved: { readonly address: string | undefined; readonly ms: number };
  /** What it says of itself, and how long that took, from ssh to node; or in its own words why it does not. */
  readonly answer:
    { readonly facts: HostFacts & Partial<Greeting>; readonly ms: number } | { readonly failure: string };
  /** Its clock ahead of this one, in ms, to within half of the time that the answer took to come. */
  readonly skewMs: number;
}

/** Asks all hosts at the same time what they are like; this host answers by itself. Starts no ranks. Local. */
export async function checkHosts(hosts: readonly HostEntry[], remotes: RemoteAgents): Promise<HostCheck[]> {
  remotes.start(hosts);
  return Promise.all(hosts.map((host) => checkHost(host, remotes)));
}

async function checkHost(host: HostEntry, remotes: RemoteAgents): Promise<HostCheck> {
  const begun = performance.now();
  const since = (): number => performance.now() - begun;
  const resolving = lookup(host.name).then(
    ({ address }) => ({ address, ms: since() }),
    () => ({ address: undefined, ms: since() }),
  );
  if (remotes.isPlayedHere(host)) {
    const facts = hostFacts();
    return {
      host,
      resolved: await resolving,
      answer: { facts: { ...facts, version }, ms: since() },
      skewMs: 0,
    };
  }
  const asked = remotes.agentOf(host).greeting.then(
    (facts) => ({ answer: { facts, ms: since() }, skewMs: facts.clockMs - Date.now() }),
    (error: unknown) => {
      const failure = messageOf(error);
      return { answer: { failure }, skewMs: 0 };
    },
  );
  return { host, resolved: await resolving, ...(await asked) };
}

/** The table of `tsmpirun hosts --check`; what went wrong stands below it, host by host. Local, pure. */
export function tableOf(checks: readonly HostCheck[]): string {
  const head = ["host", "slots", "resolves to", "ms", "answers in ms", "node", "tsmpi", "CPUs", "address"];
  const rows = checks.map(({ host, resolved, answer }) => {
    const { address = "-", ms } = resolved;
    const start = [host.name, `${host.slots ?? "cores"}`, address, ms.toFixed(0)];
    if ("failure" in answer) return [...start, "no", "-", "-", "-", "-"];
    const { node, version = "-", topology, ownAddress } = answer.facts;
    return [...start, answer.ms.toFixed(0), node, version, describeTopology(topology), ownAddress || "-"];
  });
  const failures = checks.flatMap(({ host, answer }) =>
    "failure" in answer ? [`${host.name}: ${answer.failure}`] : [],
  );
  return [...columns([head, ...rows]), ...failures].join("\n");
}
