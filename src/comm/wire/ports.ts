import { hasCode } from "../../thrown.js";

/** Ports that a job may open, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Opens a port of the range: the first, from a place on, that nobody else has; without a range, any. Local.
 *
 * @param open - Opens a port, 0 for any; rejects with EADDRINUSE if somebody else has it.
 * @param from - Where to begin in the range: those who begin at different places do not get in each other's way.
 * @throws {Error} If all are taken; whatever else `open` rejects with.
 */
export async function openWithin<T>(
  range: PortRange | undefined,
  open: (port: number) => Promise<T>,
  from = 0,
): Promise<T> {
  if (range === undefined) return open(0);
  const { first, last } = range;
  const count = last - first + 1;
  for (let i = 0; i < count; i++) {
    try {
      return await open(first + ((from + i) % count));
    } catch (error) {
      if (!hasCode(error, "EADDRINUSE")) throw error;
    }
  }
  throw new Error(`all ports of ${first}-${last} are taken; use others by --ports`);
}
