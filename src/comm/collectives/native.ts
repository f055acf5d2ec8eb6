import { WORLD_CONTEXT, collectiveContext } from "../context-id.js";
import { Operation } from "../request.js";
import type { NativeCollectives } from "../transports/transport.js";
import type { OpName, TypedArray } from "../types.js";
import { barrier } from "./barrier.js";
import type { Call } from "./call.js";

/** The transport's own collectives, if they take this reduction of this communicator. */
export function nativeFor(call: Call, x: TypedArray, op: OpName): NativeCollectives | undefined {
  const { engine, context } = call.members;
  const { native } = engine.transport;
  if (native === undefined || context !== collectiveContext(WORLD_CONTEXT)) return undefined;
  return native.takes(x, op) ? native : undefined;
}

/** Until when the reductions that were called before, on this transport, have been started or given up. */
const started = new WeakMap<NativeCollectives, Promise<void>>();

/**
 * Has the transport do a collective, once a barrier of signed messages has shown that all ranks have called the same:
 * it could neither report a mismatch nor be withdrawn. Several under way start in the order of their calls, alike on
 * all ranks.
 */
export async function runNative(
  call: Call,
  native: NativeCollectives,
  start: (done: () => void) => void,
): Promise<void> {
  const before = started.get(native);
  let proceed: (after?: Promise<void>) => void = () => undefined;
  started.set(native, new Promise<void>((resolve) => (proceed = resolve)));
  const finished = new Operation<void>(call.members.engine);
  try {
    await barrier(call);
    await before;
    start(() => finished.complete());
  } finally {
    proceed(before); // a call that has failed does not let later ones overtake earlier ones
  }
  await finished;
}
