import { awaitingPlace } from "./call-place.js";
import type { MpiError } from "./errors.js";

/**
 * Where the user's program started or awaits a request. Taking down a stack at each call costs 1.5 to 2 µs, more than a
 * short message takes, so that it is done only with `TSMPI_CHECK=1`. Otherwise every request has {@link UNKNOWN_SITE},
 * which costs one store, and an error points to the `await` that threw it: see call-place.ts.
 */
export interface CallSite {
  /** The innermost line, as ` at …`; empty if it is not known. */
  readonly line: string;
  /** Makes an error that arose later, in whatever moved the messages, point to the call. */
  blame(error: MpiError): void;
  /** The same where the request is awaited; called from an async function, after its first `await`. */
  awaited(error: MpiError): void;
  /** Somebody waits for the request. */
  observed(): void;
}

export const UNKNOWN_SITE: CallSite = {
  line: "",
  blame(error) {
    error.stack = `${error.name}: ${error.message}`; // not the stack of whatever moved the messages
  },
  awaited(error) {
    const place = awaitingPlace();
    if (place !== "") error.stack = `${error.name}: ${error.message}\n    at ${place}`;
  },
  observed: () => undefined,
};

const NOWHERE = "\n";

/** A call whose stack has been taken down. */
export class RecordedSite implements CallSite {
  /** What was called, for people. */
  readonly what: string;
  readonly #frames: string;
  readonly #open: Set<RecordedSite>;

  /** @param open - Sites that nobody has waited for; this one adds itself, and leaves when somebody does. */
  constructor(what: string, open: Set<RecordedSite>) {
    this.what = what;
    const frames = (new Error().stack ?? "").split("\n").slice(1);
    // This room, source maps or not; or the library that all of tsmpi is part of.
    const here = /([^\s(]+[/\\])(?:call-site\.[jt]s|[\w.]+\.cjs)/.exec(frames[0] ?? "")?.[1] ?? NOWHERE;
    const first = Math.max(
      0,
      frames.findIndex((frame) => !frame.includes(here)),
    );
    this.#frames = frames.slice(first).join("\n");
    this.#open = open;
    open.add(this);
  }

  get line(): string {
    return ` ${this.#frames.split("\n", 1)[0].trim()}`;
  }

  blame(error: MpiError): void {
    error.stack = `${error.name}: ${error.message}\n${this.#frames}`;
  }

  awaited(): void {
    // The call is known, which says more.
  }

  observed(): void {
    this.#open.delete(this);
  }
}
