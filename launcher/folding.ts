/**
 * Folds what several ranks say alike. The first to say it is passed on at once; those that follow within `windowMs` are
 * only counted, and told in one line at its end.
 */
export class Folding {
  readonly #windowMs: number;
  readonly #tell: (ranks: readonly number[], text: Uint8Array) => void;
  /** What was said not long ago, and who has repeated it. */
  readonly #said = new Map<string, Said>();

  constructor(tell: (ranks: readonly number[], text: Uint8Array) => void, windowMs = 1000) {
    this.#tell = tell;
    this.#windowMs = windowMs;
  }

  /** True if another rank has just said the same; the caller then passes nothing on. Unfinished lines are not folded. */
  folds(rank: number, bytes: Uint8Array): boolean {
    if (bytes.at(-1) !== NEWLINE || bytes.length > LONGEST) return false;
    const key = Buffer.from(bytes).toString("latin1").replace(PROCESS, "(node)");
    const known = this.#said.get(key);
    if (known !== undefined && known.first !== rank && !known.repeats.has(rank)) {
      known.repeats.add(rank);
      return true;
    }
    if (known === undefined && this.#said.size < MOST) {
      const timer = setTimeout(() => this.#end(key), this.#windowMs);
      this.#said.set(key, { bytes, first: rank, repeats: new Set(), timer });
    }
    return false;
  }

  /** Tells at once what has been counted. */
  flush(): void {
    for (const key of this.#said.keys()) this.#end(key);
  }

  #end(key: string): void {
    const said = this.#said.get(key);
    clearTimeout(said?.timer);
    this.#said.delete(key);
    if (said !== undefined && said.repeats.size > 0) this.#tell([...said.repeats], said.bytes);
  }
}

interface Said {
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly repeats: Set<number>;
  readonly timer: NodeJS.Timeout;
}

const NEWLINE = 10;
const LONGEST = 16_384;
const MOST = 1000;
/** Node begins its warnings with the process that they are from. */
const PROCESS = /^\(node:\d+\)/gm;
