import type { DType } from "../array/dtype.js";
import type { Space, Vector } from "../array/vector.js";

/** One vector of a space for each dtype in use: allocated on first use, and kept. Its contents are whatever was left. */
export class Workspace<V extends Vector<V>> {
  readonly #space: Space<V>;
  readonly #vectors = new Map<DType, V>();

  constructor(space: Space<V>) {
    this.#space = space;
  }

  get(dtype: DType): V {
    let vector = this.#vectors.get(dtype);
    if (!vector) {
      vector = this.#space.zeros(dtype);
      this.#vectors.set(dtype, vector);
    }
    return vector;
  }
}
