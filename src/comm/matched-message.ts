import { RequestStateError } from "./errors.js";
import type { Operation } from "./request.js";
import { failed, type Waiter } from "./request.js";
import type { Into, Request, Status, TypedArray } from "./types.js";
import type { Strided } from "./layout.js";

/** A message that has been taken out of the queue by `mprobe` or `improbe`: only its holder can receive it, once. */
export class MatchedMessage {
  readonly status: Status;
  readonly #waiter: Waiter;
  readonly #begin: (into: TypedArray | Strided | undefined) => Operation<unknown>;
  #taken = false;

  constructor(
    waiter: Waiter,
    status: Status,
    begin: (into: TypedArray | Strided | undefined) => Operation<unknown>,
  ) {
    this.#waiter = waiter;
    this.status = status;
    this.#begin = begin;
  }

  /** Receives it, as `recv` would. */
  recv<A extends TypedArray>(options: Into<A | Strided<A>>): Request<A>;
  recv<T = unknown>(options?: Partial<Into<TypedArray>>): Request<T>;
  recv({ into }: Partial<Into<TypedArray | Strided>> = {}): Request<unknown> {
    if (this.#taken) {
      const { source, tag } = this.status;
      return failed(
        this.#waiter,
        new RequestStateError(
          `recv: the message from rank ${source} with tag ${tag} has been received; probe again`,
        ),
      );
    }
    this.#taken = true;
    return this.#begin(into);
  }
}
