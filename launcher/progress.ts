/** Says how many hosts and ranks of a job are there while it starts: twice a second at most, and when all are. */
export class Progress {
  readonly #hosts: number;
  readonly #ranks: number;
  readonly #say: (text: string) => void;
  readonly #here = { hosts: 0, ranks: 0 };
  #saidMs = -Infinity;

  constructor(hosts: number, ranks: number, say: (text: string) => void) {
    this.#hosts = hosts;
    this.#ranks = ranks;
    this.#say = say;
  }

  add(what: "hosts" | "ranks"): void {
    this.#here[what]++;
    const { hosts, ranks } = this.#here;
    const all = what === "hosts" ? hosts === this.#hosts : ranks === this.#ranks;
    const nowMs = performance.now();
    if (!all && nowMs - this.#saidMs < APART_MS) return;
    this.#saidMs = nowMs;
    this.#say(`tsmpirun: ${hosts} of ${this.#hosts} hosts, ${ranks} of ${this.#ranks} ranks`);
  }
}

const APART_MS = 500;
