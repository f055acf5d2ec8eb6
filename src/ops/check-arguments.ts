import { shown } from "../options.js";

/** What JavaScript lets pass, and types do not: named with its argument, before anything is made or sent. */

/** @throws {TypeError} Unless it has the products of an operator. */
export function checkOperator(where: string, given: unknown): void {
  if (typeof given === "object" && given !== null && "matvec" in given && "model" in given) return;
  throw new TypeError(`${where}: ${shown(given)} is no operator`);
}

/** @throws {TypeError} Unless it is a vector: `role` says which one. */
export function checkVector(where: string, role: string, given: unknown): void {
  if (typeof given === "object" && given !== null && "space" in given && "copyFrom" in given) return;
  throw new TypeError(
    `${where}: ${role} is ${shown(given)}, not an array; LocalArray.from makes one of a list of numbers`,
  );
}

/** @throws {TypeError} Unless it is a list of operators. */
export function checkOperators(where: string, given: unknown): void {
  if (!Array.isArray(given))
    throw new TypeError(`${where}: ${shown(given)}; give operators in one list, [A, B]`);
  for (const part of given) checkOperator(where, part);
}

/** @throws {TypeError} Unless it is a list of numbers, or a typed array. */
export function checkNumbers(where: string, name: string, given: unknown): void {
  const isList = Array.isArray(given)
    ? given.every((item) => typeof item === "number")
    : ArrayBuffer.isView(given);
  if (!isList) throw new TypeError(`${where}: ${name} ${shown(given)}; give a list of numbers`);
}
