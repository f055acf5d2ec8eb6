import type { Knobs } from "../src/knobs.js";
import type { PortRange } from "../src/comm/wire/ports.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { given, isPort } from "./option-values.js";
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

export const networkKnobs = {
  iface: {
    value: "NAME",
    help: "interface (eth1) or subnet (10.1.0.0/16) of the network between hosts",
  },
  "control-iface": { value: "NAME", help: "the same for what tsmpirun and its agents say to each other" },
  ports: { value: "50000-50999", default: "any", help: "open no ports but these, for firewalls" },
} as const satisfies Knobs;

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong range.
 */
export function readNetwork(flags: Flags<typeof networkKnobs>): NetworkOptions {
  const { iface, "control-iface": controlIface, ports } = flags;
  return { iface, controlIface, ports: given(ports, portRange) };
}

function portRange(text: string): PortRange {
  const [, first, last] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (isPort(first) && isPort(last) && last >= first) return { first, last };
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
