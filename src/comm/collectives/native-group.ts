import { nativeContext } from "../context-id.js";
import type { Engine } from "../engine.js";
import { pack } from "../envelope.js";
import { type Message, Receive } from "../matching.js";
import type { Operation } from "../request.js";
import type { NativeCollectives, NativeGroup } from "../transports/transport.js";
import type { Call } from "./call.js";

const TOKEN = pack(new Uint8Array(0));

/**
 * A barrier of signed messages before a collective of the transport's own. Once one rank has passed it, all ranks have
 * called the same, and all will pass it, even if the communicator is revoked meanwhile: the messages have a context of
 * their own, which is not revoked, and the rounds follow each other as messages come, whether or not anybody waits.
 * ⌈log₂ size⌉ rounds; dissemination, as in barrier.ts.
 *
 * @param failed - Told of a mismatch, or that a member has ended.
 */
export function meet(call: Call, passed: () => void, failed: (reason: unknown) => void): void {
  const { rank, size } = call;
  const begin = (distance: number): void => {
    if (distance >= size) return passed();
    call.members.engine.observed(tell(call, (rank + distance) % size, call.signature)); // who misses it says so
    const word = new Word(call, (rank - distance + size) % size, () => begin(2 * distance), failed);
    call.members.engine.enter(nativeContext(call.members.id), word);
  };
  begin(1);
}

/** A message of the barrier. Nobody waits for it, so it does not keep the program from its end. */
class Word extends Receive {
  readonly #call: Call;
  readonly #heard: () => void;
  readonly #failed: (reason: unknown) => void;
  #mismatch: Error | undefined;

  constructor(call: Call, source: number, heard: () => void, failed: (reason: unknown) => void) {
    super(call.members.engine, source, call.sequence, undefined);
    this.#call = call;
    this.#heard = heard;
    this.#failed = failed;
  }

  override accept(message: Message): boolean {
    this.#mismatch = this.#call.mismatch(message);
    return super.accept(message);
  }

  override complete(value: unknown): void {
    if (this.#mismatch !== undefined) return this.fail(this.#mismatch);
    super.complete(value);
    this.#heard();
  }

  override fail(reason: unknown): void {
    super.fail(reason);
    this.#call.members.engine.observed(this);
    this.#failed(reason);
  }
}

/**
 * Makes the transport's group of a communicator, which blocks every member until all have come to it. Collective, for
 * members that have met.
 *
 * Members of two communicators must not wait for each other crosswise. So a token goes through them by ascending ranks
 * of the world: who has it lets no other group be made here until this one is. The last one tells all to begin: 2 (size −
 * 1) messages, in size rounds, once a communicator.
 */
export async function join(call: Call, transport: NativeCollectives): Promise<NativeGroup> {
  const { engine, id, ranks, rank } = call.members;
  const order = [...ranks.keys()].sort((a, b) => ranks[a] - ranks[b]);
  const place = order.indexOf(rank);
  const last = order.length - 1;
  const hear = (from: number): PromiseLike<unknown> =>
    engine.receive(nativeContext(id), order[from], call.sequence);

  if (place > 0) await hear(place - 1);
  const leave = await enter(engine);
  try {
    if (place < last) {
      await tell(call, order[place + 1]);
      await hear(last);
    } else for (let other = 0; other < last; other++) await tell(call, order[other]);
    return transport.join(ranks);
  } finally {
    leave();
  }
}

function tell({ members, sequence }: Call, dest: number, signature?: Call["signature"]): Operation<void> {
  const { engine, id, ranks, rank } = members;
  const address = { dest: ranks[dest], context: nativeContext(id), source: rank, tag: sequence };
  return engine.send(address, TOKEN.code, TOKEN.bytes, signature);
}

/** Until when this rank takes part in making a group. */
const turns = new WeakMap<Engine, Promise<void>>();

/** Waits for this rank's turn; what it returns ends it. */
async function enter(engine: Engine): Promise<() => void> {
  const before = turns.get(engine);
  let leave: () => void = () => undefined;
  turns.set(engine, new Promise((resolve) => (leave = resolve)));
  await before;
  return leave;
}
