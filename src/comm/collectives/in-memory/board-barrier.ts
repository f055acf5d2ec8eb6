import { barrier } from "../barrier.js";
import { BoardCall } from "./board-call.js";

/** One step, nothing to read. */
export class BoardBarrier extends BoardCall {
  override isShort = true;

  contribute(): void {
    return;
  }

  advance(): boolean {
    return true;
  }

  result(): void {
    return;
  }

  withMessages(): PromiseLike<void> {
    return barrier(this.call);
  }
}
