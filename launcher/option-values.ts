import { notKnown } from "../src/nearest.js";
import { parseCpuList } from "../src/topology/cpu-list.js";
import { UsageError } from "./errors.js";

/** Readers of values of options, all local; they throw a UsageError that names the option and says what to write. */

/** One of a few words. */
export function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  throw new UsageError(`${name} ${text}: ${notKnown(text, known)}`);
}

/** An integer above 0. */
export function positive(name: string, text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`${name} ${text}: not a positive integer`);
}

/**
 * Seconds; the value is in milliseconds.
 *
 * @param least - Fewer seconds are refused, and why.
 */
export function seconds(
  name: string,
  text: string,
  least: { readonly seconds: number; readonly why: string } = { seconds: 0, why: "" },
): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1e6))
    throw new UsageError(`${name} ${text}: not a number of seconds`);
  if (value >= least.seconds) return value * 1000;
  throw new UsageError(`${name} ${text}: ${least.why}; use ${least.seconds} or more seconds`);
}

/** Ranks, as in `0,8-11`: ascending, each once. */
export function ranks(name: string, text: string): number[] {
  const listed = parseCpuList(text);
  if (listed?.length) return listed;
  throw new UsageError(`${name} ${text}: not a list of ranks; write it as 0,8-11`);
}

/** A port. */
export function port(name: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && isPort(Number(text))) return Number(text);
  throw new UsageError(`${name} ${text}: not a port; write a number from 1 to 65535`);
}

export function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** What is read of a value, if there is one. */
export function given<T, R>(value: T | undefined, read: (value: T) => R): R | undefined {
  return value === undefined ? undefined : read(value);
}
