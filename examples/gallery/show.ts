/** What the examples of the gallery share: a picture to work on, and a page of pictures at the end. */
import { plotPanels } from "tsmpi";
import type { DistributedArray, Quantity, SectionPanel } from "tsmpi";
import { parseArgs } from "node:util";

/** A layered section with a lens in it, from 0 to about 1. */
export function section(y: number, x: number): number {
  const depth = y + 6 + 6 * Math.sin(x / 15);
  const lens = Math.exp(-(((x - 80) / 18) ** 2) - ((y - 45) / 8) ** 2);
  return 0.25 * Math.floor(depth / 20) * 0.8 + 0.6 * lens;
}

/** Draws arrays of two axes, in rows, and says where; rank 0 does, if the program was given `--out FILE`. Collective. */
export async function show(
  title: string,
  rows: readonly Readonly<Record<string, DistributedArray>>[],
): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  const panels: SectionPanel[][] = [];
  for (const row of rows) {
    const drawn: SectionPanel[] = [];
    for (const [name, array] of Object.entries(row)) {
      const whole = await array.toGlobal();
      const step = array.dtype.startsWith("complex") ? 2 : 1; // the real part
      if (whole)
        drawn.push(
          panel(
            name,
            whole.space.dims,
            whole.local.filter((_, i) => i % step === 0),
          ),
        );
    }
    panels.push(drawn);
  }
  if (values.out === undefined || panels[0].length === 0) return; // not asked for, or not rank 0
  await plotPanels(values.out, { title, rows: panels });
  console.log(`${title}: ${values.out}`);
}

/** @throws {Error} If it is not true: the example shows what it says, or fails. */
export function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`${what}: not so`);
}

function panel(title: string, [rows, columns]: readonly number[], values: ArrayLike<number>): SectionPanel {
  const most = Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 1e-12);
  const signed = Array.from(values).some((value) => value < -1e-9 * most);
  const quantity: Quantity = signed
    ? { label: "", palette: "red-blue", range: [-most, most] }
    : { label: "", palette: "viridis", range: [0, most] };
  return {
    title,
    raster: { rows, columns, at: (row, column) => values[row * columns + column] },
    quantity,
    x: { label: "column", first: 0, last: columns - 1 },
    y: { label: "row", first: 0, last: rows - 1 },
  };
}
