import { DTYPE_NAMES } from "../array/dtype.js";
import { checkOptions as checkNames, shown } from "../options.js";

/** What a value is, in words, and how to tell. */
type Kind = readonly [words: string, is: (value: unknown) => boolean];

const isNumber = (value: unknown): boolean => typeof value === "number" && !Number.isNaN(value);
const INTEGER: Kind = ["an integer", Number.isInteger];
const NUMBER: Kind = ["a number", isNumber];
const NUMBERS: Kind = [
  "a number, or a list of them",
  (value) => isNumber(value) || isListOf(value, isNumber),
];
const INTEGERS: Kind = ["a list of integers", (value) => isListOf(value, Number.isInteger)];
const TRUTH: Kind = ["true or false", (value) => typeof value === "boolean"];
const DTYPE: Kind = [`one of ${DTYPE_NAMES.join(", ")}`, (value) => DTYPE_NAMES.includes(value as string)];

/** What options of these names are; a name means the same in all operators. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...["axis", "seed", "samples"].map((name) => [name, INTEGER] as const),
  ...["axes"].map((name) => [name, INTEGERS] as const),
  ...["rtol", "threshold"].map((name) => [name, NUMBER] as const),
  ...["sampling", "weights"].map((name) => [name, NUMBERS] as const),
  ...["edge", "removeFirst", "interpolate", "saveGt", "real"].map((name) => [name, TRUTH] as const),
  ["dtype", DTYPE],
]);

/**
 * Names of the options that an operator knows, and values of the kinds that they have. Local.
 *
 * @throws {TypeError} For an unknown name, or a value of another kind.
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  checkNames(where, options, known);
  for (const [name, value] of Object.entries(options)) {
    const kind = value === undefined ? undefined : KINDS.get(name);
    if (kind === undefined || kind[1](value)) continue;
    throw new TypeError(`${where}: ${name} is ${shown(value)}; use ${kind[0]}`);
  }
}

function isListOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.every(is) : ArrayBuffer.isView(value);
}
