import { checkCounts } from "./counts.js";

/** A member of a record in memory, such as one that a C program has laid out. */
export interface Field {
  readonly type: keyof typeof FIELD_BYTES;
  /** Bytes from the beginning of the record. */
  readonly offset: number;
  /** Elements of an array. Default 1. */
  readonly count?: number;
}

const FIELD_BYTES = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
  complex64: 8,
  complex128: 16,
} as const;

/**
 * Where the fields of a record are, in bytes, in the order of the list. Local.
 *
 * @throws {RangeError | TypeError} If a number is no count, a type is unknown, or fields overlap.
 */
export function recordRuns(fields: readonly Field[]): { lengths: number[]; offsets: number[] } {
  const runs = fields.map(({ type, count = 1, offset }, i) => {
    checkCounts("Layout.struct", { [`fields[${i}].count`]: count, [`fields[${i}].offset`]: offset });
    if (type in FIELD_BYTES) return { i, begin: offset, end: offset + count * FIELD_BYTES[type] };
    throw new TypeError(
      `Layout.struct: fields[${i}].type "${String(type)}" is none of ${Object.keys(FIELD_BYTES).join(", ")}`,
    );
  });
  const inOrder = [...runs].sort((a, b) => a.begin - b.begin);
  inOrder.slice(1).forEach((run, before) => {
    const { i, end } = inOrder[before];
    if (end <= run.begin) return;
    throw new RangeError(
      `Layout.struct: fields[${run.i}] begins at byte ${run.begin}, where fields[${i}] has not ended (${end}); keep them apart`,
    );
  });
  return { lengths: runs.map(({ begin, end }) => end - begin), offsets: runs.map(({ begin }) => begin) };
}
