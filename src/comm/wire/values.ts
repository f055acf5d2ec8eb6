import type { Builder, Offset } from "flatbuffers";
import { type TransportName, transportNames } from "./messages.js";

/**
 * A transport by name. Local.
 *
 * @throws {RangeError} If there is none of that name.
 */
export function transportOf(name: string | null): TransportName {
  const known = transportNames.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new RangeError(`control: "${name}" is no transport; use one version of tsmpi`);
}

/** Writes texts, for a vector of them. Local. */
export function strings(b: Builder, texts: readonly string[]): Offset[] {
  return texts.map((text) => b.createString(text));
}

/** Reads a vector. Local. */
export function list<T>(length: number, at: (index: number) => T | null): T[] {
  return Array.from({ length }, (_, i) => at(i)).filter((item): item is T => item !== null);
}
