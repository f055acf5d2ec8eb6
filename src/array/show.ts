import type { BlockVector } from "./blocks.js";
import { isComplex, numbersPerElement, type Storage } from "./dtype.js";
import { stridesOf } from "./shape.js";

const EDGE = 3; // elements shown at both ends of a long axis
const FEW = 7; // an axis that is no longer is shown whole

/**
 * An array in a few lines, as NumPy prints it: its dtype, its dims and how they are spread, and the numbers of this rank's
 * block, of long axes the first and the last ones. Local.
 */
export function show({ dtype, space, local }: BlockVector<unknown>): string {
  const { comm, localShape, localStart } = space;
  const heading = `${dtype} ${space.toString()}`;
  const ranges = localShape.map((length, axis) => `${localStart[axis]}:${localStart[axis] + length}`);
  const part = comm && comm.size > 1 ? `; rank ${comm.rank} has [${ranges.join(", ")}]` : "";
  return `${heading}${part}\n${numbers(local, localShape, (i) => element(local, i, isComplex(dtype)), numbersPerElement(dtype))}`;
}

function numbers(
  local: Storage,
  shape: readonly number[],
  text: (i: number) => string,
  step: number,
): string {
  if (local.length === 0) return "[]";
  const strides = stridesOf(shape);
  const walk = (axis: number, start: number): string => {
    const length = shape[axis];
    const shown = Array.from({ length }, (_, i) => i).filter(
      (i) => length <= FEW || i < EDGE || i >= length - EDGE,
    );
    const last = axis === shape.length - 1;
    const entries = shown.map((i) =>
      last ? text((start + i * strides[axis]) * step) : walk(axis + 1, start + i * strides[axis]),
    );
    if (length > FEW) entries.splice(EDGE, 0, "…");
    return `[${entries.join(last ? " " : `\n${" ".repeat(axis + 1)}`)}]`;
  };
  return walk(0, 0);
}

function element(local: Storage, i: number, complex: boolean): string {
  const [re, im] = [short(local[i]), complex ? local[i + 1] : 0];
  if (!complex) return re;
  return `${re}${im < 0 || Object.is(im, -0) ? "-" : "+"}${short(Math.abs(im))}j`;
}

/** Up to six digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
