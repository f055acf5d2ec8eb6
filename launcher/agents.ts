import { addressOn, addressToward, isOwnAddress } from "./address.js";
import type { Greeting } from "./greeting.js";
import type { HostEntry } from "./hostfile.js";
import { isThisHost } from "./hosts.js";
import { newRankKeys } from "./keys.js";
import type { Hub } from "./link.js";
import type { Mapping } from "./map.js";
import type { Options } from "./options.js";
import type { Session } from "./session.js";
import { startSshAgent, words } from "./ssh-agent.js";
import { type AgentConfig, type AgentProcess, startLocalAgent } from "./start-agent.js";

export type AgentOptions = Pick<
  Options,
  "launcher" | "ssh" | "sshArgs" | "node" | "remotePrefix" | "iface" | "encrypt" | "heartbeatMs"
>;

/** Whether a host's agent is started here: it is this host, or is only played by it. Local. */
export function isPlayedHere(host: HostEntry, launcher: Options["launcher"]): boolean {
  return launcher === "fork" || isThisHost(host.name);
}

/**
 * Starts the agents of all hosts, at the same time: here by themselves, elsewhere over ssh. Local.
 *
 * Agents of this host connect to a socket file. For the others a port is opened on that address of this host at which
 * they say they see it, and on no other. An agent of a job on several hosts has a session folder of its own.
 *
 * @param stdin - Whether rank 0 reads the launcher's stdin.
 */
export function startAgents(
  mapping: Mapping,
  hub: Hub,
  session: Session,
  options: AgentOptions,
  stdin: boolean,
): AgentProcess[] {
  const { placements } = mapping;
  const { folder } = session;
  const control = folder === undefined ? undefined : hub.bind(`ipc://${folder}/control`);
  const { iface, heartbeatMs } = options;
  const rankKeys = newRankKeys(options.encrypt);
  const agents: AgentProcess[] = [];
  // At which address others see this host, if there are others.
  const seen: Promise<string>[] = [];

  const common = (nodeRank: number) => ({
    nodeRank,
    invitation: hub.invite(nodeRank),
    rankKeys,
    heartbeatMs,
  });

  async function configureOther(
    nodeRank: number,
    greeting: Greeting,
    own: string,
  ): Promise<Omit<AgentConfig, "stdinFd">> {
    const { host } = placements[nodeRank];
    return {
      ...common(nodeRank),
      endpoint: await hub.bindAddress(own),
      session: undefined,
      launcherSession: undefined,
      address: greeting.ownAddress === "" ? undefined : greeting.ownAddress,
      iface: host.iface ?? iface,
    };
  }

  async function configureHere(nodeRank: number): Promise<Omit<AgentConfig, "stdinFd">> {
    const endpoint = await control;
    if (endpoint === undefined) throw new Error("agent: a job without agents here has one");
    const address = seen.length === 0 ? "127.0.0.1" : await Promise.any(seen);
    const shared = placements.length === 1;
    return {
      ...common(nodeRank),
      endpoint,
      session: shared ? folder : undefined,
      launcherSession: shared ? undefined : folder,
      address,
      iface: seen.length === 0 ? undefined : iface,
    };
  }

  for (const [nodeRank, { host }] of placements.entries()) {
    if (isPlayedHere(host, options.launcher)) continue;
    const ssh = { ...options, sshArgs: words(options.sshArgs) };
    seen.push(
      new Promise((resolve) => {
        agents[nodeRank] = startSshAgent(host, ssh, async (greeting) => {
          const own = await ownAddress(host, greeting, iface);
          resolve(own);
          return configureOther(nodeRank, greeting, own);
        });
      }),
    );
  }
  for (const [nodeRank, { host }] of placements.entries()) {
    if (!isPlayedHere(host, options.launcher)) continue;
    agents[nodeRank] = startLocalAgent(configureHere(nodeRank), stdin && nodeRank === 0);
  }
  return agents;
}

/** The address of this host at which another one reaches it. */
async function ownAddress(host: HostEntry, greeting: Greeting, iface: string | undefined): Promise<string> {
  if (iface !== undefined) return addressOn(iface);
  const { launcherAddress } = greeting;
  // Behind a jump host or a translated address it is that one's: ask the routes instead.
  return isOwnAddress(launcherAddress) ? launcherAddress : addressToward(greeting.ownAddress || host.name);
}
