import { type Fftw, heapAddress } from "./libraries.js";

/** Lines of n complex numbers on the heap, as FFTW transforms them; its plans are made on first use, and kept. */
export class FftwLines {
  readonly #library: Fftw;
  readonly #n: Int32Array;
  readonly #plans = new Map<string, number>();

  constructor(library: Fftw, n: number) {
    [this.#library, this.#n] = [library, Int32Array.of(n)];
  }

  /**
   * Transforms `lines` lines from x to y, other memory.
   *
   * @param stride, distance - In numbers: from one of a line to the next, and from one line to the next.
   */
  run(x: number, y: number, lines: number, stride: number, distance: number, inverse: boolean): void {
    const [from, to] = [heapAddress() + x, heapAddress() + y];
    // A plan is for the alignment of the memory that it was made with. Estimated plans depend on nothing else, so that
    // ranks which compute the same get the same bits.
    const key = `${lines} ${stride} ${distance} ${inverse} ${from % ALIGNMENT} ${to % ALIGNMENT}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      const sign = inverse ? 1 : -1;
      plan = this.#library.plan(1, this.#n, lines, from, null, stride, distance, to, null, stride, distance, sign, ESTIMATE); // prettier-ignore
      if (plan === 0)
        throw new Error(`fft: ${this.#library.version} makes no plan for ${this.#n[0]} numbers`);
      this.#plans.set(key, plan);
    }
    this.#library.execute(plan, from, to);
  }
}

const ALIGNMENT = 64;
const ESTIMATE = 1 << 6; // as in fftw3.h
