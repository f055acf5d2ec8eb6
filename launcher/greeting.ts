import { type HostFacts, hostFacts } from "./host-facts.js";
import { version } from "./version.js";

/**
 * First word of the lines that launcher and agent exchange over ssh, before they have a connection of their own;
 * whatever a login shell prints before it is skipped. An agent writes it to its stderr as well: what follows there is the
 * agent's own.
 */
export const magic = "tsmpi-agent-1";

/** What an agent says on its stdout as soon as it runs. */
export interface Greeting extends HostFacts {
  readonly version: string;
  /** Its host, as the resource manager calls it; "" if none has started it. */
  readonly host: string;
  /** Both ends of the connection that led to the agent, as its host sees them; "" if unknown. */
  readonly launcherAddress: string;
  readonly ownAddress: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The greeting of this process, which sshd or srun has started. Local. */
export function greeting(variables: Variables): string {
  const [launcherAddress = variables["SLURM_LAUNCH_NODE_IPADDR"] ?? "", , ownAddress = ""] =
    variables["SSH_CONNECTION"]?.split(" ").map(unmapped) ?? [];
  const text: Greeting = {
    version,
    host: variables["SLURMD_NODENAME"] ?? "",
    launcherAddress,
    ownAddress,
    ...hostFacts(),
  };
  return `${magic} ${JSON.stringify(text)}\n`;
}

/** The greeting in a line. Local. */
export const parseGreeting: (json: string) => Greeting = JSON.parse;

/** The whole lines of `text` that begin with the magic word, without it. Local. */
export function magicLines(text: string): string[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return whole.filter((line) => line.startsWith(`${magic} `)).map((line) => line.slice(magic.length + 1));
}

/** ssh writes IPv4 addresses of a dual-stack socket as `::ffff:10.0.0.1`. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
