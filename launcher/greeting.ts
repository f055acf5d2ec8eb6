import { version } from "./version.js";

/**
 * First word of the lines that launcher and agent exchange over ssh, before they have a connection of their own;
 * whatever a login shell prints before it is skipped. An agent writes it to its stderr as well: what follows there is the
 * agent's own.
 */
export const magic = "tsmpi-agent-1";

/** What an agent says on its stdout as soon as it runs. */
export interface Greeting {
  readonly version: string;
  /** Both ends of the ssh connection that led to the agent, as its host sees them; "" if none did. */
  readonly launcherAddress: string;
  readonly ownAddress: string;
}

/** The greeting of this process. Local. */
export function greeting(sshConnection: string | undefined): string {
  const [launcherAddress = "", , ownAddress = ""] = (sshConnection ?? "").split(" ").map(unmapped);
  const text: Greeting = { version, launcherAddress, ownAddress };
  return `${magic} ${JSON.stringify(text)}\n`;
}

/** The first whole line of `text` that begins with the magic word, without it. Local. */
export function magicLine(text: string): string | undefined {
  const lines = text.split("\n");
  const line = lines.find((candidate, i) => candidate.startsWith(`${magic} `) && i < lines.length - 1);
  return line?.slice(magic.length + 1);
}

/** ssh writes IPv4 addresses of a dual-stack socket as `::ffff:10.0.0.1`. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
