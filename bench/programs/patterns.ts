/** Bytes in which each rank and place differ from their neighbours. */
export function pattern(bytes: number, rank: number): Uint8Array {
  const values = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) values[i] = byteAt(rank, i);
  return values;
}

/** How many of `length` bytes from `start` are not those of {@link pattern} of this rank. */
export function wrongBytes(values: Uint8Array, rank: number, start = 0, length = values.length): number {
  let wrong = 0;
  for (let i = 0; i < length; i++) if (values[start + i] !== byteAt(rank, i)) wrong++;
  return wrong;
}

/** Numbers whose sum over ranks is exact. */
export function summands(length: number, rank: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => rank + (i & 7));
}

/** How many are not the sum of {@link summands} over `size` ranks; `values` begin at element `start` of the vector. */
export function wrongSums(values: Float64Array, size: number, start = 0): number {
  let wrong = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== (size * (size - 1)) / 2 + size * ((start + i) & 7)) wrong++;
  }
  return wrong;
}

function byteAt(rank: number, i: number): number {
  return (131 * rank + 7 * i + 1) & 255;
}
