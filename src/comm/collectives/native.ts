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
  /** Until when the collectives that were called before have been begun or given up. */
  begun: Promise<void>;
}

const natives = new WeakMap<Members, Native>();

/** The communicator is freed; what all ranks have met for is still begun. Local. */
export function freeNative(members: Members): void {
  const native = natives.get(members);
  void native?.begun.then(() => native.group?.free());
  natives.delete(members);
}

function nativeOf(members: Members, { world }: NativeCollectives): Native {
  const known = natives.get(members);
  if (known !== undefined) return known;
  const isWorld = members.context === collectiveContext(WORLD_CONTEXT);
  const native = { group: isWorld ? world : undefined, begun: Promise.resolve() };
  natives.set(members, native);
  return native;
}

async function run(call: Call, transport: NativeCollectives, operation: NativeOperation): Promise<void> {
  const native = nativeOf(call.members, transport);
  const before = native.begun;
  const finished = new Operation<void>(call.members.engine);
  const fail = (reason: unknown): void => finished.fail(reason);
  let giveUp = (): void => undefined;
  let abandon = giveUp;
  const met = new Promise<boolean>((resolve) => {
    giveUp = () => resolve(false);
    meet(call, () => resolve(true), fail);
  });
  const begin = async (): Promise<void> => {
    await before; // also of a call that has failed, so that later ones do not overtake earlier ones
    if (!(await met)) return;
    call.isNative = true;
    native.group ??= await join(call, transport);
    abandon = native.group.start(operation, () => finished.complete());
    if (finished.settled) abandon();
  };
  native.begun = begin().then(undefined, fail);
  call.enlist(finished);
  try {
    await finished;
  } catch (error) {
    if (!(error instanceof RevokedError)) giveUp(); // nobody has met
    abandon();
    throw error;
  }
}
