import { LocalArray } from "./local-array.js";
import { type Nested, unnest } from "./nested.js";

/** The array of a matrix, filter and so on: one that is given, or the numbers of it, row by row. Local. */
export function arrayOf(where: string, values: LocalArray | Nested): LocalArray {
  if (values instanceof LocalArray) return values;
  const { dims, numbers, dtype } = unnest(where, values);
  return LocalArray.from(dims, numbers, dtype);
}
