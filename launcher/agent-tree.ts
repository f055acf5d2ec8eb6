import type { Branch } from "./agent-order.js";
import { magic } from "./greeting.js";
import type { HostEntry } from "./hostfile.js";
import { laterAgent } from "./later-agent.js";
import type { Launching } from "./launching.js";
import { startManualAgent } from "./manual-agent.js";
import type { RemoteAgent } from "./remote-agent.js";
import { startPlainAgent, startSshAgents } from "./ssh-agent.js";
import { Turns } from "./turns.js";

/**
 * Which hosts' agents are started by whom: the first of each group by the one who asks, the others of the group by that
 * first one. There are as many groups as one may start itself, each a stretch of the list. Local, pure.
 */
export function groupsOf(
  hosts: readonly HostEntry[],
  { launcher, treeSpawn }: Pick<Launching, "launcher" | "treeSpawn">,
): HostEntry[][] {
  const count = launcher === "ssh" ? Math.min(hosts.length, treeSpawn) : hosts.length;
  return Array.from({ length: count }, (_, i) =>
    hosts.slice(Math.floor((i * hosts.length) / count), Math.floor(((i + 1) * hosts.length) / count)),
  );
}

/**
 * Starts the agents of other hosts: of many as a tree, in which each starts at most `treeSpawn` others. Where an agent
 * does not get on to another host, the one who asks tries so itself. Local.
 *
 * @param from - The host that starts them, for messages; "" if it is the launcher's.
 * @returns The agents, by host.
 */
export function startAgentsOf(
  hosts: readonly HostEntry[],
  how: Launching,
  turns: Turns,
  from = "",
): ReadonlyMap<string, RemoteAgent> {
  const started = new Map<string, RemoteAgent>();
  for (const [first, ...others] of groupsOf(hosts, how)) {
    const [agent, ...further] = turns.startAll(1 + others.length, () => startFirst(first, others, how, from));
    started.set(first.name, agent);
    for (const [i, host] of others.entries()) {
      const direct = () => turns.startAll(1, () => startSshAgents(host, [], how, from))[0];
      started.set(host.name, orDirectly(further[i], direct));
    }
  }
  return started;
}

function startFirst(
  host: HostEntry,
  others: readonly HostEntry[],
  how: Launching,
  from: string,
): RemoteAgent[] {
  if (how.launcher === "manual") return [startManualAgent(host, how)];
  if (how.launcher === "exec") return [startPlainAgent(host, how, how.command)];
  return startSshAgents(host, others, how, from);
}

/** The agent that comes by way of another one; if it does not, the one that is started directly. */
function orDirectly(indirect: RemoteAgent, start: () => RemoteAgent): RemoteAgent {
  let wanted = true;
  const begun = indirect.greeting.then(
    () => indirect,
    (error: Error) => {
      if (!wanted) throw error;
      const direct = start();
      const both = (how: string): string => `${how}\nand ${error.message}`;
      return {
        ...direct,
        gone: direct.gone.then(both),
        greeting: direct.greeting.catch((own: Error) => {
          throw new Error(both(own.message));
        }),
      };
    },
  );
  return laterAgent(begun, () => {
    wanted = false;
    indirect.release();
  });
}

/** Starts agents for the launcher, and tells it, on stdout, what they say of themselves and how they went. Local. */
export function startBranch({ from, hosts, how }: Branch): ReadonlyMap<string, RemoteAgent> {
  const agents = startAgentsOf(hosts, how, new Turns(how.sshConcurrency), from);
  const say = (word: object): void => void process.stdout.write(`${magic} ${JSON.stringify(word)}\n`);
  for (const [host, agent] of agents) {
    void agent.greeting.then(
      (greeting) => say({ ...greeting, host }),
      () => undefined, // `gone` tells
    );
    void agent.gone.then((gone) => say({ host, gone }));
  }
  return agents;
}
