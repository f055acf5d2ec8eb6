const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const LARGEST = 2 ** 31 - 1; // what a C int counts

/**
 * Sizes of messages in bytes, ascending: a list, `8,1K,1M`, in which `1:1048576` is a range that doubles, as OSU's `-m`,
 * and `1:64M:4` one that grows by a factor of four. A single number after a colon-less `:` counts from 1: `:1K`.
 *
 * @throws {RangeError} For what is not a size.
 */
export function parseSizes(text: string): number[] {
  const sizes = text.split(",").flatMap((part) => {
    const [first, last, factor] = part.split(":");
    if (last === undefined) return [parseSize(first)];
    return range(first === "" ? 1 : parseSize(first), parseSize(last), factor, part);
  });
  return [...new Set(sizes)].sort((a, b) => a - b);
}

export function* geometric(first: number, last: number, factor: number): Generator<number> {
  for (let bytes = first; bytes <= last; bytes *= factor) yield bytes;
}

function range(first: number, last: number, factorText: string | undefined, part: string): number[] {
  const factor = Number(factorText ?? 2);
  if (!(factor > 1)) throw new RangeError(`--sizes ${part}: the factor must be above 1; write 1:1M:4`);
  if (first > last) throw new RangeError(`--sizes ${part}: ${first} is more than ${last}; write 1:1M`);
  const sizes = first === 0 ? [0, ...geometric(1, last, factor)] : [...geometric(first, last, factor)];
  return sizes.map(Math.round);
}

function parseSize(text: string): number {
  const [, number, unit] = /^(\d+)\s*(?:([kmg])i?)?b?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * UNITS[(unit ?? "").toLowerCase()];
  if (Number.isSafeInteger(bytes) && bytes <= LARGEST) return bytes;
  throw new RangeError(`--sizes ${text}: not a size up to 2 GiB; write bytes, or 64K, 1M, 1:1M`);
}
