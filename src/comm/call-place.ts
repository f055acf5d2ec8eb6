/**
 * Where in the user's program the caller of this function was called or is awaited, as `file:line:column`; empty if
 * nobody awaits it.
 *
 * To be called, for the latter, from an async function, after its first `await`: V8 then follows the chain of promises to whoever awaits
 * it. So a call's line costs nothing until it is asked for; taking a stack down at every call would cost 1.5 to 3 µs.
 */
export function awaitingPlace(): string {
  const frames = stack().split("\n").slice(2).map(placeOf);
  const own = ownFolder(frames[0]);
  return frames.find((place) => place !== "" && !place.startsWith(own) && !/^(node:|<)/.test(place)) ?? "";
}

/** The user's program may be far below what tsmpi does in it. */
function stack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Math.max(limit, FRAMES);
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return stack;
}

const FRAMES = 40;

/** Resolves once a request that is just being returned to the program is awaited, if that is what happens to it. */
export async function untilAwaited(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}

/** An `await` of a request takes two turns of the queue of microtasks, and three for every async function around it. */
const TURNS = 24;

/** Of `at async main (file:///a/b.ts:3:4)`, the part that says where. */
function placeOf(frame: string): string {
  const place =
    /\(([^()]+)\)\s*$/.exec(frame)?.[1] ?? /at (?:async )?(.+:\d+:\d+)\s*$/.exec(frame)?.[1] ?? "";
  return place.replace(/^file:\/\//, "");
}

/** Where the code of tsmpi lies, whose frames are no places in a user's program: its sources, or the library of all. */
function ownFolder(place: string): string {
  const [, folder = "\0"] = /^(.*\/(?:src(?=\/comm\/)|dist\/library)\/)/.exec(place) ?? [];
  return folder;
}
