import type { Scalar } from "./dtype.js";
import type { BinaryName, UnaryName } from "./operations.js";
import { ReducedVector } from "./reduced-vector.js";

/**
 * The elementwise arithmetic of local, distributed and stacked arrays, all made of `combine` and `map`. Local.
 *
 * The result is a new array of the dtype that NumPy would give it: float64 and complex64 make complex128, a real number
 * takes the precision of the array it meets, quotients of integers are float64. Or it goes `into` an array that is
 * given, which may be one of the operands: `x.add(y, x)` works in place, in the dtype of x, and refuses what x cannot
 * hold.
 *
 * Arrays of unlike shapes are combined as in NumPy: aligned at their last axes, with axes of length 1 stretched. Blocks
 * must lie together, since nothing is sent: a distributed array meets ones that are replicated, or split as it is, or
 * whose axes of length 1 every rank has that needs them, as those that reductions along axes give; and local arrays,
 * which are the same on all ranks. Members of stacks meet one by one.
 */
export abstract class ArithmeticVector<V, Other = V> extends ReducedVector<V> {
  /** Elementwise this ∘ other, where other may be a number. @throws {TypeError} If `into` cannot hold the result. */
  abstract combine(name: BinaryName, other: Other | Scalar, into?: V): V;
  /** A function of every element. @throws {TypeError} If `into` cannot hold the result. */
  abstract map(name: UnaryName, into?: V): V;

  add(other: Other | Scalar, into?: V): V {
    return this.combine("add", other, into);
  }

  sub(other: Other | Scalar, into?: V): V {
    return this.combine("sub", other, into);
  }

  mul(other: Other | Scalar, into?: V): V {
    return this.combine("mul", other, into);
  }

  div(other: Other | Scalar, into?: V): V {
    return this.combine("div", other, into);
  }

  /** this to the power of other; real powers of negative numbers are NaN, unless whole. */
  pow(other: Other | Scalar, into?: V): V {
    return this.combine("pow", other, into);
  }

  /** The larger of two; NaN if one is. Complex numbers are ordered by their real parts, then by their imaginary parts. */
  maximum(other: Other | Scalar, into?: V): V {
    return this.combine("maximum", other, into);
  }

  /** The smaller of two; otherwise as `maximum`. */
  minimum(other: Other | Scalar, into?: V): V {
    return this.combine("minimum", other, into);
  }

  /** 1 where this < other, else 0; int32. Complex numbers are ordered as by `maximum`. */
  less(other: Other | Scalar, into?: V): V {
    return this.combine("less", other, into);
  }

  /** 1 where this > other, else 0; int32; otherwise as `less`. */
  greater(other: Other | Scalar, into?: V): V {
    return this.combine("greater", other, into);
  }

  /** 1 where the two are equal, else 0; int32. */
  equal(other: Other | Scalar, into?: V): V {
    return this.combine("equal", other, into);
  }

  neg(into?: V): V {
    return this.map("neg", into);
  }

  /** Absolute values; real. */
  abs(into?: V): V {
    return this.map("abs", into);
  }

  conj(into?: V): V {
    return this.map("conj", into);
  }

  real(into?: V): V {
    return this.map("real", into);
  }

  imag(into?: V): V {
    return this.map("imag", into);
  }

  /** The angle of complex numbers, −π … π; 0 and π of real ones. */
  angle(into?: V): V {
    return this.map("angle", into);
  }

  /** Square roots; NaN of negative real numbers. */
  sqrt(into?: V): V {
    return this.map("sqrt", into);
  }

  exp(into?: V): V {
    return this.map("exp", into);
  }

  log(into?: V): V {
    return this.map("log", into);
  }

  sin(into?: V): V {
    return this.map("sin", into);
  }

  cos(into?: V): V {
    return this.map("cos", into);
  }

  /** −1, 0 or 1; x / |x| of complex numbers. */
  sign(into?: V): V {
    return this.map("sign", into);
  }
}
