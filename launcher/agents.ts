import { addressOn, addressToward, isOwnAddress } from "./address.js";
import type { Greeting } from "./greeting.js";
import type { HostEntry } from "./hostfile.js";
import { newRankKeys } from "./keys.js";
import type { Hub } from "./link.js";
import type { Options } from "./options.js";
import type { Mapping } from "./placement/place.js";
import type { RemoteAgents } from "./remote-agents.js";
import type { StdinPlan } from "./stdin.js";
import { type AgentConfig, type AgentProcess, startLocalAgent, STDIN_FD } from "./start-agent.js";
import { messageOf } from "../src/thrown.js";

/**
 * Starts the agents of all hosts that have none yet, and tells each what it is. Local.
 *
 * Agents of this host connect to a socket file. For the others a port is opened on that address of this host at which
 * they say they see it, and on no other.
 *
 * @param folder - The launcher's session folder, if it has one.
 * @param stdin - Who reads the launcher's stdin.
 */
export function startAgents(
  { placements }: Pick<Mapping, "placements">,
  remotes: RemoteAgents,
  hub: Hub,
  folder: string | undefined,
  {
    network,
    encrypt,
    output,
    ending,
    anywhere,
  }: Pick<Options, "network" | "encrypt" | "output" | "ending"> & Partial<Pick<Options, "anywhere">>,
  stdin: StdinPlan,
): AgentProcess[] {
  const control = folder === undefined ? undefined : hub.bind(`ipc://${folder}/control`);
  const { iface, controlIface, ports } = network;
  const rankKeys = newRankKeys(encrypt);
  // At which address others see this host, if there are others.
  const seen: Promise<string>[] = [];

  const isHeir = (nodeRank: number) =>
    stdin.heir !== undefined && placements[nodeRank].ranks.includes(stdin.heir);
  const common = (nodeRank: number) => ({
    nodeRank,
    among: placements.length,
    invitation: hub.invite(nodeRank),
    rankKeys,
    heartbeatMs: ending.heartbeatMs,
    heir: stdin.heir !== undefined && isHeir(nodeRank) ? { rank: stdin.heir, fd: STDIN_FD } : undefined,
    fed: stdin.fed,
    raw: output.raw,
    anywhere: anywhere ?? false,
    ports,
  });

  async function configureOther(nodeRank: number, own: string, { ownAddress }: Greeting) {
    const { host } = placements[nodeRank];
    return {
      ...common(nodeRank),
      endpoint: await hub.bindAddress(own),
      address: ownAddress === "" ? undefined : ownAddress,
      iface: host.iface ?? iface,
    };
  }

  async function configureHere(nodeRank: number): Promise<AgentConfig> {
    const endpoint = await control;
    if (endpoint === undefined) throw new Error("agent: a job without agents here has one");
    const address = seen.length === 0 ? "127.0.0.1" : await Promise.any(seen);
    return {
      ...common(nodeRank),
      endpoint,
      address,
      iface: seen.length === 0 ? undefined : iface,
    };
  }

  function startOther(host: HostEntry, nodeRank: number): AgentProcess {
    const agent = remotes.agentOf(host);
    const own = agent.greeting.then((greeting) => ownAddress(host, greeting, iface));
    seen.push(own);
    Promise.all([own, agent.greeting])
      .then(([address, greeting]) =>
        configureOther(nodeRank, controlIface === undefined ? address : addressOn(controlIface), greeting),
      )
      .then(agent.configure)
      .catch((error: unknown) => agent.fail(messageOf(error)));
    return agent;
  }

  remotes.start(placements.map(({ host }) => host));
  const agents: AgentProcess[] = [];
  for (const [nodeRank, { host }] of placements.entries())
    if (!remotes.isPlayedHere(host)) agents[nodeRank] = startOther(host, nodeRank);
  for (const [nodeRank, { host }] of placements.entries())
    if (remotes.isPlayedHere(host))
      agents[nodeRank] = startLocalAgent(configureHere(nodeRank), isHeir(nodeRank));
  return agents;
}

/** The address of this host at which another one reaches it. */
async function ownAddress(host: HostEntry, greeting: Greeting, iface: string | undefined): Promise<string> {
  if (iface !== undefined) return addressOn(iface);
  const { launcherAddress } = greeting;
  // Behind a jump host or a translated address it is that one's: ask the routes instead.
  return isOwnAddress(launcherAddress) ? launcherAddress : addressToward(greeting.ownAddress || host.name);
}
