import type { RankState } from "../src/comm/rank-state.js";
import type { Answer, AnswerKind, ControlMessage } from "../src/comm/wire/messages.js";

/** What is known of a rank that was asked. */
export interface Finding {
  readonly how: AnswerKind;
  /** If it has told it. */
  readonly state: RankState | undefined;
}

export type Findings = ReadonlyMap<number, Finding>;

interface Open {
  readonly id: number;
  readonly awaited: Set<number>;
  readonly findings: Map<number, Finding>;
  readonly finish: () => void;
}

/** Asks all ranks what they are doing, through their agents; one survey after the other. */
export class Survey {
  readonly #broadcast: (message: ControlMessage) => void;
  #count = 0;
  #open: Open | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(broadcast: (message: ControlMessage) => void) {
    this.#broadcast = broadcast;
  }

  /**
   * Resolves when all those ranks have answered, or it does not pay to wait for more. Local.
   *
   * @param thorough - Ranks that do not answer are interrupted.
   * @param findings - Gets them as they come.
   */
  ask(
    ranks: () => readonly number[],
    thorough: boolean,
    findings = new Map<number, Finding>(),
  ): Promise<Findings> {
    const asked = this.#last.then(() => this.#ask(ranks(), thorough, findings));
    this.#last = asked;
    return asked;
  }

  hear({ rank, id, how, state }: Answer): void {
    const open = this.#open;
    if (open?.id !== id) return;
    open.findings.set(rank, { how, state: state === "" ? undefined : parseState(state) });
    this.#need(open, rank);
  }

  /** A rank has ended, and will not answer. */
  ended(rank: number): void {
    if (this.#open !== undefined) this.#need(this.#open, rank);
  }

  #need(open: Open, rank: number): void {
    open.awaited.delete(rank);
    if (open.awaited.size === 0) open.finish();
  }

  async #ask(ranks: readonly number[], thorough: boolean, findings: Map<number, Finding>): Promise<Findings> {
    const id = ++this.#count;
    await new Promise<void>((finish) => {
      if (ranks.length === 0) return finish();
      const timer = setTimeout(finish, LIMIT_MS).unref(); // a job that has ended is not kept waiting
      this.#open = {
        id,
        awaited: new Set(ranks),
        findings,
        finish: () => {
          clearTimeout(timer);
          finish();
        },
      };
      this.#broadcast({ kind: "inquiry", id, thorough });
    });
    this.#open = undefined;
    return findings;
  }
}

const parseState: (json: string) => RankState = JSON.parse;
/** Agents give up ranks that do not answer before: this is for agents that do not. */
const LIMIT_MS = 6000;
