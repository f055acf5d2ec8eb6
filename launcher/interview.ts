import { setTimeout as delay } from "node:timers/promises";
import type { RankState } from "../src/comm/rank-state.js";
import type { AnswerKind, ControlMessage } from "../src/comm/wire/messages.js";
import { processState } from "./process-state.js";
import type { RankProcess } from "./rank-process.js";

type Inquiry = Extract<ControlMessage, { kind: "inquiry" }>;

/**
 * Finds out, for the agent, what a rank is doing: asks it, and interrupts its program if it does not answer. Every inquiry
 * is answered.
 */
export class Interview {
  readonly #rank: RankProcess;
  readonly #send: (message: ControlMessage) => void;
  #joined = false;
  #open: Inquiry | undefined;

  constructor(rank: RankProcess, send: (message: ControlMessage) => void) {
    this.#rank = rank;
    this.#send = send;
  }

  /** Hears what the rank says; an answer that comes too late is not passed on. */
  hear(message: ControlMessage): void {
    if (message.kind === "hello") this.#joined = true;
    if (message.kind === "answer") {
      if (message.id !== this.#open?.id) return;
      this.#open = undefined;
    }
    this.#send(message);
  }

  ask(inquiry: Inquiry, encoded: Uint8Array): void {
    this.#open = inquiry;
    if (!this.#joined || !this.#rank.running) return this.#answer(inquiry, "absent", "");
    this.#rank.relay(encoded);
    setTimeout(() => void this.#insist(inquiry), inquiry.thorough ? PATIENCE_MS : SHORT_MS).unref();
  }

  async #insist(inquiry: Inquiry): Promise<void> {
    if (this.#open !== inquiry) return;
    const state = inquiry.thorough ? await this.#rank.interrupt(STATE, INTERRUPT_MS) : undefined;
    // It is not in the program, but slow: most likely it waits for its turn on a core, and can tell more by itself.
    if (state !== undefined && parseState(state).place === "") await delay(SLOW_MS);
    if (state === undefined) this.#answer(inquiry, processState(this.#rank.pid ?? 0), "");
    else this.#answer(inquiry, "interrupted", state);
  }

  #answer(inquiry: Inquiry, how: AnswerKind, state: string): void {
    if (this.#open !== inquiry) return;
    this.#open = undefined;
    this.#send({ kind: "answer", rank: this.#rank.rank, id: inquiry.id, how, state });
  }
}

const parseState: (json: string) => Pick<RankState, "place"> = JSON.parse;

/** See src/comm/rank-state.ts. */
const STATE = 'globalThis[Symbol.for("tsmpi.rank-state")]?.()';
/** A rank that waits answers in a few milliseconds; on a machine that is busy with other work, in some hundreds. */
const PATIENCE_MS = 1000;
/** A quick inquiry waits for nobody. */
const SHORT_MS = 500;
/** Opening an inspector takes a tenth of a second, or a good deal more on a busy machine. */
const INTERRUPT_MS = 2500;
const SLOW_MS = 2000;
