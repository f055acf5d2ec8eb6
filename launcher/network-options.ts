import { type Command, Option } from "commander";
import type { PortRange } from "../src/comm/wire/ports.js";
import { UsageError } from "./errors.js";
import type { Placement } from "./placement/place.js";

/** What the command line says about the network between hosts. */
export interface NetworkOptions {
  /** Interface or subnet; `undefined`: the way by which hosts are reached. */
  readonly iface: string | undefined;
  /** The same for what tsmpirun and its agents say to each other; `undefined`: that of `iface`. */
  readonly controlIface: string | undefined;
  /** Ports that may be opened; `undefined`: any. */
  readonly ports: PortRange | undefined;
}

export interface NetworkFlags {
  iface?: string;
  controlIface?: string;
  ports?: string;
}

/** Adds the options to the command. */
export function defineNetwork(command: Command): Command {
  return command
    .addOption(new Option("--iface <name>"))
    .addOption(new Option("--control-iface <name>"))
    .addOption(new Option("--ports <range>"));
}

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong range.
 */
export function readNetwork({ iface, controlIface, ports }: NetworkFlags): NetworkOptions {
  return { iface, controlIface, ports: ports === undefined ? undefined : portRange(ports) };
}

function portRange(text: string): PortRange {
  const [, first, last] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (first >= 1 && last >= first && last <= 65_535) return { first, last };
  throw new UsageError(`--ports ${text}: not a range of ports; write it as 50000-50999`);
}

/**
 * Checks that every host has enough ports: one for each rank, and on this host one for tsmpirun. Local, pure.
 *
 * @param isHere - Whether a host's ranks run on this host.
 * @throws {UsageError} If one has not, with both numbers.
 */
export function checkPorts(
  { ports }: Pick<NetworkOptions, "ports">,
  placements: readonly Placement[],
  isHere: (placement: Placement) => boolean,
): void {
  if (ports === undefined) return;
  const count = ports.last - ports.first + 1;
  const here = placements.filter(isHere).reduce((sum, { ranks }) => sum + ranks.length, 1);
  const others = placements.filter((placement) => !isHere(placement));
  const short = others.find(({ ranks }) => ranks.length > count);
  if (here <= count && short === undefined) return;
  const [who, needed] = short === undefined ? ["this host", here] : [short.host.name, short.ranks.length];
  const own = short === undefined ? ", one of them for tsmpirun itself" : "";
  throw new UsageError(
    `--ports ${ports.first}-${ports.last}: ${count} ports; ${who} needs ${needed}${own}; use a longer range`,
  );
}
