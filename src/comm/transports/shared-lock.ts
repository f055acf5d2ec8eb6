import { posix } from "./posix.js";

/** Looks at a lock before the core is given up, and between two looks whether its holder still lives. */
const SPINS = 128;
const LIFE_ROUNDS = 1024;

const { pid } = process;

/**
 * Keeps all processes of a host but one out of something: a word in memory that they share, 0 or the number of the
 * process that holds it. It is held for no longer than a copy, so whoever needs it spins, and gives up the core in
 * between; a holder that has died is relieved of it.
 */
export class SharedLock {
  readonly #words: Int32Array;
  readonly #word: number;

  constructor(words: Int32Array, word: number) {
    this.#words = words;
    this.#word = word;
  }

  /** Runs a section, which no other process disturbs. */
  run<T>(section: () => T): T {
    this.#acquire();
    try {
      return section();
    } finally {
      Atomics.store(this.#words, this.#word, 0);
    }
  }

  #acquire(): void {
    for (let round = 1; ; round++) {
      const holder = Atomics.compareExchange(this.#words, this.#word, 0, pid);
      if (holder === 0) return;
      if (round > SPINS) posix().yieldCore();
      if (round % LIFE_ROUNDS === 0 && !lives(holder))
        if (Atomics.compareExchange(this.#words, this.#word, holder, pid) === holder) return;
    }
  }
}

function lives(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch {
    return false;
  }
}
