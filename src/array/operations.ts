import { shown } from "../options.js";
import {
  type DType,
  isComplex,
  isComplexNumber,
  promote,
  promoteScalar,
  realOf,
  type Scalar,
} from "./dtype.js";

/** Operations on two elements. Comparisons give int32 ones and zeros. */
export type BinaryName =
  "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "less" | "greater" | "equal";
/** Operations on one element. */
export type UnaryName =
  "neg" | "abs" | "conj" | "real" | "imag" | "angle" | "sqrt" | "exp" | "log" | "sin" | "cos" | "sign";

/**
 * The dtype of x ∘ y, as NumPy has it: a real number takes the precision of the array it meets, a complex one makes it
 * complex, and a number that is no integer makes an int32 array float64; so do division, and powers of integers other
 * than whole ones from 0 on.
 */
export function binaryType(name: BinaryName, x: DType, y: DType | Scalar): DType {
  if (name === "less" || name === "greater" || name === "equal") return "int32";
  const dtype = typeof y === "string" ? promote(x, y) : withScalar(x, y);
  const whole = name === "pow" ? typeof y === "number" && y >= 0 : name !== "div";
  return dtype === "int32" && !whole ? "float64" : dtype;
}

/** The dtype of f(x): integers stay integers where the function gives integers. */
export function unaryType(name: UnaryName, x: DType): DType {
  if (name === "abs" || name === "real" || name === "imag") return realOf(x);
  if (x === "int32") return name === "neg" || name === "conj" || name === "sign" ? x : "float64";
  return name === "angle" ? realOf(x) : x;
}

function withScalar(dtype: DType, scalar: Scalar): DType {
  if (dtype === "int32" && (typeof scalar !== "number" || !Number.isInteger(scalar))) {
    return typeof scalar === "number" ? "float64" : "complex128";
  }
  return promoteScalar(dtype, scalar);
}

/** @throws {TypeError} Unless it is a number: arrays have been told apart before. */
export function checkOperand(where: string, other: unknown): void {
  if (typeof other === "number" || isComplexNumber(other)) return;
  throw new TypeError(
    `${where}: ${shown(other)} is neither a number nor an array; make an array of it by LocalArray.from`,
  );
}

/** @throws {TypeError} Where a result of one dtype would lose its imaginary part, or its fraction, in another. */
export function checkStorable(where: string, result: DType, into: DType): void {
  const complex = isComplex(result);
  if (complex ? isComplex(into) : into !== "int32" || result === "int32") return;
  const lost = complex ? "imaginary part" : "fraction";
  throw new TypeError(
    `${where}: a ${result} result into a ${into} array would lose its ${lost}; give another`,
  );
}
