import { nearest } from "./nearest.js";

/**
 * Names of the options that a call or a constructor knows; any other is an error. Local; costs a look at each name that
 * is given.
 *
 * @throws {TypeError} For an unknown name, with the nearest known one; or if there are no options but something else.
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${where}: options are ${String(options)}; pass an object { … } with ${list(known)}`);
  for (const name in options) {
    if (known.includes(name)) continue;
    const near = nearest(name, known, Infinity);
    const meant = near === undefined ? "" : `; did you mean "${near}"`;
    throw new TypeError(`${where}: unknown option "${name}"${meant}? The options are ${list(known)}`);
  }
}

/** Asks for the nearest of the names there are, and lists them. Local. */
export function suggest(name: string, known: readonly string[]): string {
  return `did you mean "${nearest(name, known, Infinity)}"? There are ${list(known)}`;
}

function list(known: readonly string[]): string {
  return known.length > 0 ? known.join(", ") : "none";
}
