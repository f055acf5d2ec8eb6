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
  /** Its host, as the resource manager or the agent that has started it calls it; "" if neither has. */
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

/** What an agent says of one that it has started, and that has gone. */
export interface Obituary {
  readonly host: string;
  readonly gone: string;
}

/** What a line of an agent says: of itself, or of one that it has started. Local. */
export const parseWord: (json: string) => Greeting | Obituary = JSON.parse;

/** Text that comes in pieces, as lines: those that begin with the magic word, and all others. */
export class Lines {
  readonly #said: (json: string) => void;
  readonly #noise: (line: string) => void;
  #rest = "";

  /** @param said - Gets what follows the magic word. */
  constructor(said: (json: string) => void, noise: (line: string) => void = () => undefined) {
    this.#said = said;
    this.#noise = noise;
  }

  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines)
      if (line.startsWith(`${magic} `)) this.#said(line.slice(magic.length + 1));
      else this.#noise(line);
  }
}

/** ssh writes IPv4 addresses of a dual-stack socket as `::ffff:10.0.0.1`. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
