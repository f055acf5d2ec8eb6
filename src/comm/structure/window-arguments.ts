import type { Element } from "../api/windows.js";
import type { Members } from "../collectives/call.js";
import { codeOf, nameOf } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { alike } from "./access.js";
import type { Proposed } from "./proposals.js";

type Place = Pick<Members, "rank">;

/** Values as elements of a window of which this rank's part is `local`. */
export function elementsFor<A extends TypedArray>(
  { rank }: Place,
  where: string,
  local: A,
  values: readonly Element<A>[],
): A {
  const wants = typeof alike(local, 1)[0];
  const odd = values.find((value) => typeof value !== wants);
  if (odd !== undefined)
    throw new TypeError(
      `${where}: rank ${rank} passes a ${typeof odd}, the elements of a ${local.constructor.name} are ${wants}s`,
    );
  return alike(local, values);
}

export function checkType({ rank }: Place, where: string, local: TypedArray, values: TypedArray): void {
  if (codeOf(values) === codeOf(local) && values.constructor === local.constructor) return;
  throw new TypeError(
    `${where}: rank ${rank} passes ${nameOf(codeOf(values))}, the window holds ${nameOf(codeOf(local))}; use the same type`,
  );
}

/** @param length - Of the target's part. */
export function checkRange(
  { rank }: Place,
  where: string,
  length: number,
  target: number,
  displ: number,
  count: number,
): void {
  const counts = [displ, count].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (counts && displ + count <= length) return;
  throw new RangeError(
    `${where}: ${count} elements from ${displ} on are not within the ${length} that rank ${target} has in the window (rank ${rank})`,
  );
}

/** Checks that all ranks offer the same element type; their first detail. */
export function checkTypes(where: string, all: readonly Proposed[]): void {
  const [first, ...others] = all;
  const odd = others.find(({ details }) => details[0] !== first.details[0]);
  if (odd === undefined) return;
  throw new TypeError(
    `${where}: rank ${first.rank} passes ${nameOf(first.details[0])} and rank ${odd.rank} ${nameOf(odd.details[0])}; use the same type`,
  );
}
