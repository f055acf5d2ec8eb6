import { Operation } from "../../request.js";
import type { Signature } from "../../matching.js";
import type { Board } from "../../transports/board.js";
import { Call } from "../call.js";
import type { OnBoard } from "./on-board.js";

/** What a step waits for: the contribution of one rank, or these. */
export const EVERYBODY = -1;
export const NOBODY = -2;

/**
 * A collective in shared memory, on its way through one or more steps. In each, this rank lays out a contribution,
 * waits for those of others, and reads them; all ranks go through equally many steps.
 */
export abstract class BoardCall extends Operation<unknown> {
  readonly signature: Signature;
  /** Its number on the communicator, once it is started. */
  sequence = -1;
  /** Whose contribution the step under way waits for: a rank, EVERYBODY or NOBODY. */
  needs = EVERYBODY;
  /** Others wait for this rank's contribution, and not for everybody's. */
  wakes = false;
  /** Whether the contribution to the step under way fits in a head, so that this rank may run far ahead of others. */
  isShort = false;
  /** Steps completed so far. */
  done = 0;
  private readonly onBoard: OnBoard; // not #onBoard: see Operation
  private made: Call | undefined;

  constructor(onBoard: OnBoard, signature: Signature) {
    super(onBoard.engine);
    this.onBoard = onBoard;
    this.signature = signature;
  }

  /** The call as one with messages, made when it is needed: most calls know of none. */
  get call(): Call {
    if (this.made !== undefined) return this.made;
    this.made = new Call(this.onBoard.members, this.sequence, this.signature);
    this.made.onBoard = this;
    if (this.settled) this.made.state = "done";
    return this.made;
  }

  /** Whether it has not come to an end on this rank. */
  get running(): boolean {
    return this.made === undefined ? !this.settled : this.made.running;
  }

  /** The last step is done. */
  end(): void {
    if (this.made !== undefined) this.made.state = "done";
    this.complete(this.result());
  }

  /** Puts this rank's contribution to a step on the board, if it has any. */
  abstract contribute(board: Board, step: number): void;

  /** What the step waits for is there: reads it. True if this was the last step. */
  abstract advance(board: Board, step: number): boolean;

  /** The result, once the last step is done. */
  abstract result(): unknown;

  /** Does the same with messages: some rank cannot go on with the board. */
  abstract withMessages(): PromiseLike<unknown>;

  /** Polls the board before anything else: most calls are over before messages need to be looked at. */
  override then<A = unknown, B = never>(
    onValue?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    if (!this.settled) this.onBoard.wait(this);
    return super.then(onValue, onError);
  }

  /** Does it with messages, unless it is over. */
  fallBack(): void {
    if (this.settled || !this.running) return;
    this.withMessages().then(
      (value) => {
        this.call.state = "done";
        this.complete(value);
      },
      (error: unknown) => {
        if (this.call.verdict !== undefined) return; // which ends this when it is known
        this.fail(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }
}
