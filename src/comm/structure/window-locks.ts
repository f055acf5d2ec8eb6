import { checkRank } from "../arguments.js";
import { checkCall } from "../call-options.js";
import type { Members } from "../collectives/call.js";
import { completed } from "../request.js";
import { Task } from "../task.js";
import { type CallOptions, PROC_NULL, type Request } from "../types.js";
import type { WindowService } from "./window-service.js";

/** Waits for something of this rank alone; see ActiveWindow. */
export type Wait = (op: string, peer: number, options: CallOptions, wait: () => Promise<void>) => Request;

/** The locks of a window that this rank has, or waits for. */
export class WindowLocks {
  readonly #members: Members;
  readonly #service: Pick<WindowService<never>, "lock" | "unlock" | "answered">;
  readonly #wait: Wait;
  readonly #locked = new Set<number>();

  constructor(
    members: Members,
    service: Pick<WindowService<never>, "lock" | "unlock" | "answered">,
    wait: Wait,
  ) {
    this.#members = members;
    this.#service = service;
    this.#wait = wait;
  }

  lock(target: number, kind: "shared" | "exclusive", options: CallOptions): Request {
    const { rank, engine } = this.#members;
    checkCall(this.#members, "lock", options);
    checkRank(this.#members, "lock", "target", target);
    if (kind !== "shared" && kind !== "exclusive")
      throw new RangeError(`lock: kind "${String(kind)}" is neither "shared" nor "exclusive"`);
    if (target === PROC_NULL) return completed(engine, undefined);
    if (this.#locked.has(target))
      throw new RangeError(
        `lock: rank ${rank} has locked rank ${target} already; unlock it, and await that, before`,
      );
    this.#locked.add(target);
    return new Task(engine, this.#granted(target, this.#service.lock(target, kind, options)));
  }

  unlock(target: number, options: CallOptions): Request {
    const { rank, engine } = this.#members;
    checkCall(this.#members, "unlock", options);
    checkRank(this.#members, "unlock", "target", target);
    if (target === PROC_NULL) return completed(engine, undefined);
    if (!this.#locked.has(target))
      throw new RangeError(`unlock: rank ${rank} has not locked rank ${target}; lock it before`);
    return this.#wait("unlock", target, options, () => this.#unlock(target));
  }

  /** A shared lock of each target: all or none. */
  lockAll(targets: readonly number[], options: CallOptions): Request {
    const locks = targets.map((target) => this.lock(target, "shared", options));
    return new Task(this.#members.engine, this.#grantedAll(targets, locks));
  }

  async #granted(target: number, lock: Request): Promise<void> {
    try {
      await lock;
    } catch (error) {
      this.#locked.delete(target);
      throw error;
    }
  }

  async #grantedAll(targets: readonly number[], locks: readonly Request[]): Promise<void> {
    const outcomes = await Promise.allSettled(locks);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure === undefined) return;
    for (const [i, { status }] of outcomes.entries())
      if (status === "fulfilled") await this.#unlock(targets[i]);
    throw failure.reason;
  }

  /** Accesses to the target come to their end before. */
  async #unlock(target: number): Promise<void> {
    await this.#service.answered(target);
    this.#service.unlock(target);
    this.#locked.delete(target);
  }
}
