import { nearest } from "./command-line.js";
import { UsageError } from "./errors.js";

/**
 * A value that is one of a few words. Local, pure.
 *
 * @throws {UsageError} If it is none of them, with the nearest one.
 */
export function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const choice = known.join(", ").replace(/, (\w+)$/, " or $1");
  const meant = nearest(value, known);
  throw new UsageError(
    `${name} ${value}: not known; ${meant === undefined ? "" : `${meant} `}choose ${choice}`,
  );
}
