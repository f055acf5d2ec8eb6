import { notKnown } from "../src/nearest.js";
import { UsageError } from "./errors.js";

/**
 * A value that is one of a few words. Local, pure.
 *
 * @throws {UsageError} If it is none of them, with the nearest one.
 */
export function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new UsageError(`${name} ${value}: ${notKnown(value, known)}`);
}
