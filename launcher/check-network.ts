import { setTimeout as delay } from "node:timers/promises";
import { startAgents } from "./agents.js";
import { readEnding } from "./ending-options.js";
import type { HostEntry } from "./hostfile.js";
import { Hub } from "./link.js";
import type { NetworkOptions } from "./network-options.js";
import { readOutput } from "./output-options.js";
import { Probing } from "./probing.js";
import type { RemoteAgents } from "./remote-agents.js";
import { openSession } from "./session.js";

/**
 * Has the agents of hosts connect back to this one, open ports and try to reach each other, as they do before a job.
 * Starts no ranks. Local.
 *
 * @param hosts - Those whose agents have come, or are to be started here.
 * @returns By host what does not work, with what to do about it.
 */
export async function checkNetwork(
  hosts: readonly HostEntry[],
  remotes: RemoteAgents,
  network: NetworkOptions,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const complaints = new Map(hosts.map(({ name }) => [name, [] as string[]]));
  const complain = (nodeRank: number, text: string): void =>
    void complaints.get(hosts[nodeRank].name)?.push(text);
  const ending = readEnding({});
  const session = hosts.some((host) => remotes.isPlayedHere(host)) ? openSession() : undefined;
  const hub = new Hub(ending.heartbeatMs, 0, network.ports);
  const placements = hosts.map((host) => ({ host: { ...host, slots: 1, topology: undefined }, ranks: [] }));
  const options = { network, encrypt: true, output: readOutput({}), ending };
  const agents = startAgents({ placements }, remotes, hub, session?.folder, options, {
    heir: undefined,
    fed: [],
  });
  try {
    await new Promise<void>((resolve) => {
      const probing = new Probing(hosts.length, (to, targets) => hub.send(to, { kind: "probe", targets }));
      const next = (): void => void (probing.isOver && resolve());
      const lose = (nodeRank: number, why: string): void => {
        if (!probing.isOver) complain(nodeRank, why);
        probing.without(nodeRank);
        next();
      };
      hub.deliver(
        (nodeRank, message) => {
          if (message.kind === "agent-hello") probing.come(nodeRank, message.probe);
          if (message.kind === "probed") probing.heard(nodeRank, message.failures);
          if (message.kind === "agent-failed") lose(nodeRank, message.text);
          next();
          if (!probing.isOver) return;
          for (const { from, nodeRank: to, reason } of probing.gaps.splice(0))
            complain(from, `cannot reach ${hosts[to].name} at ${reason}; ${hintFor(reason, network)}`);
        },
        (nodeRank) => lose(nodeRank, "its connection with this host was lost"),
      );
      for (const [nodeRank, agent] of agents.entries())
        void agent.gone.then((how) => lose(nodeRank, `its agent does not get back to this host: ${how}`));
    });
  } finally {
    for (const nodeRank of agents.keys()) hub.send(nodeRank, { kind: "bye", code: 0 });
    for (const agent of agents) agent.release();
    await Promise.race([
      Promise.all(agents.map(({ gone }) => gone)),
      delay(END_MS, undefined, { ref: false }),
    ]);
    await hub.close();
    session?.remove();
  }
  return complaints;
}

const END_MS = 2000;

/** What to do about a host that is not reached. */
function hintFor(reason: string, { ports }: NetworkOptions): string {
  const range = ports === undefined ? "all TCP ports" : `TCP ports ${ports.first}-${ports.last}`;
  if (/no answer/.test(reason))
    return `a firewall may drop it: open ${range} there${ports ? "" : ", or name some by --ports"}`;
  if (/refused|reset/.test(reason)) return `a firewall may refuse it: open ${range} there`;
  if (/somebody else/.test(reason)) return "several hosts have that address: choose a network by --iface";
  return "choose a network that joins them by --iface";
}
