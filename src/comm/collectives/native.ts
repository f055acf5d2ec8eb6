import { collectiveContext, WORLD_CONTEXT } from "../context-id.js";
import { RevokedError } from "../errors.js";
import { Operation } from "../request.js";
import type { NativeCollectives, NativeGroup, NativeOperation } from "../transports/transport.js";
import type { Call, Members } from "./call.js";
import { join, meet } from "./native-group.js";

/**
 * Has the transport do this collective, if it has one of its own for these members: then returns what starts it, else
 * `undefined`. All ranks get the same answer.
 *
 * A collective of a real MPI cannot report a mismatch, nor be withdrawn, so a barrier of signed messages goes first. A
 * rank that passes it knows that all have called the same, and that all will begin it, in the order of their calls. If
 * the communicator is revoked meanwhile (a timeout, a signal, `revoke`), the call rejects at once, while MPI brings it to
 * its end: until then the buffers of the call may still be read and written.
 *
 * What stays with tsmpi: barriers, since one goes first anyway; and gather, scatter and alltoall of blocks whose lengths
 * only some ranks know, which MPI could not compare: there they are as many messages as here.
 */
export function nativeFor(call: Call, operation: NativeOperation): (() => Promise<void>) | undefined {
  const { members } = call;
  const { native } = members.engine.transport;
  if (native === undefined || call.size === 1 || call.reproducible) return undefined;
  if (members.forced?.[operation.name] !== undefined) return undefined;
  if (!native.takes(operation) || !native.spans(members.ranks)) return undefined;
  return () => run(call, native, operation);
}

/** The transport's part of a communicator. */
interface Native {
  group: NativeGroup | undefined;
  isJoining: boolean;
  isFreed: boolean;
  /** Collectives that have not been begun, in the order of their calls. */
  readonly queue: Pending[];
}

interface Pending {
  readonly call: Call;
  /** Whether all ranks have met for it. */
  state: "waiting" | "met" | "given up";
  readonly begin: (group: NativeGroup) => void;
  readonly fail: (reason: unknown) => void;
}

const natives = new WeakMap<Members, Native>();

/** The communicator is freed; what all ranks have met for is still begun. Local. */
export function freeNative(members: Members): void {
  const native = natives.get(members);
  if (native === undefined) return;
  natives.delete(members);
  native.isFreed = true;
  if (!native.isJoining && native.queue.length === 0) native.group?.free();
}

function nativeOf(members: Members, { world }: NativeCollectives): Native {
  const known = natives.get(members);
  if (known !== undefined) return known;
  const isWorld = members.context === collectiveContext(WORLD_CONTEXT);
  const native = { group: isWorld ? world : undefined, isJoining: false, isFreed: false, queue: [] };
  natives.set(members, native);
  return native;
}

async function run(call: Call, transport: NativeCollectives, operation: NativeOperation): Promise<void> {
  const native = nativeOf(call.members, transport);
  const finished = new Operation<void>(call.members.engine);
  let abandon = (): void => undefined;
  const pending: Pending = {
    call,
    state: "waiting",
    begin: (group) => {
      abandon = group.start(operation, () => finished.complete());
      if (finished.settled) abandon();
    },
    fail: (reason) => finished.fail(reason),
  };
  const become = (state: Pending["state"]): void => {
    pending.state = state;
    advance(native, transport);
  };
  native.queue.push(pending);
  meet(call, () => become("met"), pending.fail);
  call.enlist(finished);
  try {
    await finished;
  } catch (error) {
    // Where the communicator is not revoked nobody has met, and later calls are not held up.
    if (!(error instanceof RevokedError) && pending.state === "waiting") become("given up");
    abandon();
    throw error;
  }
}

/** Begins what can be begun. Runs while a message is delivered, since whoever waits polls and awaits nothing else. */
function advance(native: Native, transport: NativeCollectives): void {
  const { queue } = native;
  for (let [next] = queue; next !== undefined && next.state !== "waiting"; [next] = queue) {
    if (native.isJoining) return;
    if (next.state === "met" && native.group === undefined) return void joinFor(next, native, transport);
    queue.shift();
    if (next.state === "met" && native.group !== undefined) begin(next, native.group);
  }
  if (native.isFreed && queue.length === 0) native.group?.free();
}

function begin({ call, begin: start, fail }: Pending, group: NativeGroup): void {
  call.isNative = true;
  try {
    start(group);
  } catch (error) {
    fail(error);
  }
}

async function joinFor(next: Pending, native: Native, transport: NativeCollectives): Promise<void> {
  native.isJoining = true;
  try {
    native.group = await join(next.call, transport);
  } catch (error) {
    next.state = "given up";
    next.fail(error);
  }
  native.isJoining = false;
  advance(native, transport);
}
