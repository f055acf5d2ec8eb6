import type { BlockSpace } from "../../array/blocks.js";
import { Distribution } from "../../array/distribution.js";
import { LocalSpace } from "../../array/local-array.js";

/** Where such an operator acts: dims of local arrays, a local space, or a distribution. */
export type Where<V> = readonly number[] | BlockSpace<V>;

/** The space meant; plain dims mean local arrays. */
export function spaceOf<V>(where: Where<V>): BlockSpace<V> {
  if (!isDims(where)) return where;
  const local: BlockSpace<unknown> = new LocalSpace(where);
  return local as BlockSpace<V>; // V defaults to LocalArray where plain dims are given
}

/** The distribution behind a space, if its arrays are on several ranks. */
export function distributionOf(space: BlockSpace<unknown>): Distribution | undefined {
  return space instanceof Distribution ? space : undefined;
}

function isDims<V>(where: Where<V>): where is readonly number[] {
  return Array.isArray(where);
}
