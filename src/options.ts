import { nearest } from "./nearest.js";

/**
 * Names of the options that a call or a constructor knows; any other is an error. Local; costs a look at each name that
 * is given.
 *
 * @throws {TypeError} For an unknown name, with the nearest known one; or if there are no options but something else.
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${where}: options are ${shown(options)}; pass an object { … } with ${list(known)}`);
  for (const name in options) {
    if (known.includes(name)) continue;
    const near = nearest(name, known, Infinity);
    const meant = near === undefined ? "" : `; did you mean "${near}"`;
    throw new TypeError(`${where}: unknown option "${name}"${meant}? The options are ${list(known)}`);
  }
}

/**
 * That an argument is what its type says, where JavaScript lets anything pass. Local.
 *
 * @param name - Of the argument.
 * @throws {TypeError} Unless it was made by one of the classes.
 */
export function checkKind(
  where: string,
  name: string,
  given: unknown,
  ...classes: readonly (abstract new (...parameters: never) => object)[]
): void {
  if (classes.some((kind) => given instanceof kind)) return;
  const wanted = classes.map((kind) => kind.name).join(" or ");
  throw new TypeError(`${where}: ${name} is ${shown(given)}; give a ${wanted}`);
}

/**
 * A value as error messages show it: texts in quotes, so that "0" is not taken for 0, lists in brackets, and of other
 * objects what they are. Local.
 */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value) && "length" in value)
    return `${value.constructor.name}(${String(value.length)})`;
  if (Array.isArray(value)) {
    const first: string[] = value.slice(0, SHOWN).map(shown);
    return `[${[...first, ...(value.length > SHOWN ? ["…"] : [])].join(", ")}]`;
  }
  const constructor: unknown = value.constructor;
  return typeof constructor === "function" && constructor !== Object ? `a ${constructor.name}` : "an object";
}

/** So many elements of a list are shown. */
const SHOWN = 8;

/** Asks for the nearest of the names there are, and lists them. Local. */
export function suggest(name: string, known: readonly string[]): string {
  return `did you mean "${nearest(name, known, Infinity)}"? There are ${list(known)}`;
}

function list(known: readonly string[]): string {
  return known.length > 0 ? known.join(", ") : "none";
}
