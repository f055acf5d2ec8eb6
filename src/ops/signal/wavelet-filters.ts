import { biorthogonal, type FilterPair } from "./biorthogonal.js";
import { coiflet } from "./coiflet.js";
import { daubechies, symlet } from "./daubechies.js";

/** Wavelets known by the names that MATLAB and PyWavelets give them. */
export const WAVELETS = `"haar", "db1" … "db38", "sym2" … "sym20", "coif1" … "coif13", "bior1.1" … "bior6.8" or "rbio…"`;

/**
 * The scaling filters of a wavelet: for the analysis, and for the synthesis, which are the same where the wavelet is
 * orthogonal. `"rbio…"` are those of `"bior…"` in exchange.
 *
 * @throws {RangeError} For an unknown name.
 */
export function waveletFilters(name: string): FilterPair {
  const [, family, number] = /^(db|sym|coif|bior|rbio)([\d.]+)$/.exec(name === "haar" ? "db1" : name) ?? [];
  const known = Object.hasOwn(FAMILIES, family ?? "") ? FAMILIES[family] : undefined;
  try {
    if (known) return known(number);
  } catch (cause) {
    throw new RangeError(`wavelet "${name}"; use ${WAVELETS}`, { cause });
  }
  throw new RangeError(`wavelet "${name}"; use ${WAVELETS}`);
}

const orthogonal = (filter: Float64Array): FilterPair => ({ analysis: filter, synthesis: filter });

const FAMILIES: Readonly<Record<string, (number: string) => FilterPair>> = {
  db: (number) => orthogonal(daubechies(Number(number))),
  sym: (number) => orthogonal(symlet(Number(number))),
  coif: (number) => orthogonal(coiflet(Number(number))),
  bior: biorthogonal,
  rbio: (number) => {
    const { analysis, synthesis } = biorthogonal(number);
    return { analysis: synthesis, synthesis: analysis };
  },
};
