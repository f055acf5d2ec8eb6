import type { Counter } from "../api/services.js";
import { checkCall, NO_OPTIONS } from "../call-options.js";
import type { Members } from "../collectives/call.js";
import { pack, unpack } from "../envelope.js";
import type { CallOptions, Request } from "../types.js";
import { FIRST_VERB, type Query, Service } from "./service.js";

/** One number at the root, which every rank can read and increase in one step. */
export class RootCounter extends Service implements Counter {
  readonly #root: number;
  #value: number;

  constructor(members: Members, context: number, root: number, start: number) {
    super(members, context, "counter");
    this.#root = root;
    this.#value = start;
    this.begin();
  }

  next(n = 1, options: CallOptions = NO_OPTIONS): Request<number> {
    checkCall(this.members, "next", options);
    if (!Number.isSafeInteger(n))
      throw new RangeError(`counter: next(${n}) on rank ${this.members.rank} is no step; pass an integer`);
    const result = (code: number, memory: Uint8Array): number => unpack(code, memory) as number;
    return this.ask(this.#root, { op: "next", verb: FIRST_VERB, packed: pack(n), result, options });
  }

  free(): void {
    void this.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.free();
  }

  protected override serve(query: Query): void {
    const n = unpack(query.code, query.memory) as number;
    const next = this.#value + n;
    if (!Number.isSafeInteger(next))
      throw new RangeError(`${this.#value} + ${n} is beyond ${Number.MAX_SAFE_INTEGER}; start a new counter`);
    const value = this.#value;
    this.#value = next;
    this.answer(query, pack(value));
  }

  protected override leaves(): void {
    return undefined; // nothing is held
  }
}
