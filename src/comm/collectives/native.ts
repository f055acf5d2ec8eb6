import { collectiveContext, nativeContext, WORLD_CONTEXT } from "../context-id.js";
import type { Group } from "../group.js";
import { PeerLostError } from "../errors.js";
import type { Message } from "../matching.js";
import { Operation } from "../request.js";
import type { NativeCollectives, NativeGroup, NativeOperation } from "../transports/transport.js";
import type { Call, Members } from "./call.js";
import { Joining, Note } from "./native-group.js";

/**
 * Has the transport do this collective, if it has one of its own for these members: then returns what starts it, else
 * `undefined`. All ranks get the same answer.
 *
 * What stays with tsmpi: barriers, since the ranks meet first anyway; and gather, scatter and alltoall of blocks whose
 * lengths only some ranks know, which MPI could not compare: there they are as many messages as here.
 */
export function nativeFor(call: Call, operation: NativeOperation): (() => Promise<void>) | undefined {
  const { members, size, reproducible } = call;
  const { native } = members;
  if (native === undefined || size === 1 || reproducible) return undefined;
  if (members.forced?.[operation.name] !== undefined || !native.takes(operation)) return undefined;
  return () => native.run(call, operation);
}

/** What the collectives of a communicator say of messages about them. */
export interface Judge {
  /** Compares a message with what this rank calls under its number, and ends the call if it is something else. */
  inspect(message: Message): Error | undefined;
  /** Whether a call has ended on this rank. */
  isOver(sequence: number): boolean;
}

/**
 * The transport's own collectives on one communicator.
 *
 * A collective of a real MPI cannot report a mismatch, nor be withdrawn, so the ranks meet first. Each tells rank 0 what
 * it calls, and the rank after it, so that no rank is without a message to compare. Rank 0 decides: all have called the
 * same, and all begin it, in the order in which rank 0 says so; or nobody will. A call that is given up before (a timeout,
 * a signal, a rank that has ended) never begins; one that is given up later rejects at once, while MPI brings it to its
 * end: until then its buffers may still be read and written.
 *
 * Every rank learns of the decision even where nobody waits for it any more, so that none begins what another has given
 * up: none ends before, and messages about it go on while ranks end. Such a rank says in two steps that it ends. First
 * that it calls nothing more: then rank 0 knows who will never come. Then that it decides nothing more: those who wait
 * for a call that it never made know that, too. 3 (size − 1) messages in two steps.
 */
export class NativeCalls implements Group {
  readonly ranks: readonly number[];
  readonly #members: Members;
  readonly #transport: NativeCollectives;
  readonly #judge: Judge;
  readonly #isWorld: boolean;
  readonly #meetings = new Map<number, Meeting>();
  /** What other ranks call, where this one has not come so far. */
  readonly #early = new Map<number, Message[]>();
  /** Meetings in which all have met, to begin once there is a group. */
  #met: Meeting[] = [];
  #group: NativeGroup | undefined;
  #joining: Joining | undefined;
  #isFreed = false;

  constructor(members: Members, transport: NativeCollectives, judge: Judge) {
    this.ranks = members.ranks;
    this.#members = members;
    this.#transport = transport;
    this.#judge = judge;
    this.#isWorld = members.context === collectiveContext(WORLD_CONTEXT);
    if (this.#isWorld) this.#group = transport.world;
    members.engine.register(nativeContext(members.id), this);
  }

  takes(operation: NativeOperation): boolean {
    return this.#transport.takes(operation) && this.#transport.spans(this.ranks);
  }

  /** What other ranks have called already under the number of a call that begins now. */
  early(sequence: number): readonly Message[] {
    return this.#early.get(sequence) ?? [];
  }

  async run(call: Call, operation: NativeOperation): Promise<void> {
    const meeting = new Meeting(call, operation);
    this.#meetings.set(call.sequence, meeting);
    call.enlist(meeting.finished);
    this.#transport.meetings.open++;
    if (this.#decides) this.#transport.meetings.undecided++;
    const { rank, size } = call;
    if (rank > 0) this.#post(0, Note.called, call);
    if (rank + 1 < size) this.#post(rank + 1, Note.called, call);
    for (const { source } of this.early(call.sequence)) this.#arrive(meeting, source);
    this.#early.delete(call.sequence);
    if (this.#decides) for (const peer of this.#members.engine.lostPeers.keys()) this.#miss(meeting, peer);
    try {
      await meeting.finished;
    } finally {
      meeting.isOver = true;
      meeting.abandon?.();
      if (this.#decides) this.#decide(meeting, false);
      if (meeting.state !== "open") this.#meetings.delete(call.sequence);
    }
  }

  /** The communicator is freed; what all have met for is still begun. Local. */
  free(): void {
    this.#isFreed = true;
    this.#close();
  }

  // --- what other ranks say -------------------------------------------------------------------------

  active(message: Message): void {
    const { code, source, tag: sequence } = message;
    const meeting = this.#meetings.get(sequence);
    switch (code) {
      case Note.called:
        if (this.#judge.inspect(message) !== undefined) return;
        if (meeting !== undefined) this.#arrive(meeting, source);
        else if (!this.#judge.isOver(sequence)) this.#keep(message);
        return;
      case Note.all:
      case Note.nobody:
        if (meeting !== undefined) this.#decide(meeting, code === Note.all);
        return;
      default:
        this.#join().hear(code);
    }
  }

  /** A member calls nothing more. */
  lost(peer: number): void {
    if (this.#decides) for (const meeting of this.#meetings.values()) this.#miss(meeting, peer);
  }

  /** It decides nothing more, either. */
  silent(peer: number): void {
    if (this.#decides || peer !== this.ranks[0]) return;
    for (const meeting of this.#meetings.values()) {
      if (meeting.state !== "met") meeting.finished.fail(this.#missed(peer));
      this.#decide(meeting, false);
    }
  }

  // ----------------------------------------------------------------------------------------------------

  get #decides(): boolean {
    return this.#members.rank === 0;
  }

  #keep(message: Message): void {
    const early = this.#early.get(message.tag);
    if (early === undefined) this.#early.set(message.tag, [message]);
    else early.push(message);
  }

  #arrive(meeting: Meeting, source: number): void {
    if (!this.#decides) return;
    meeting.arrived.add(source);
    if (meeting.arrived.size === this.#members.size - 1) this.#decide(meeting, true);
  }

  /** Rank 0 finds that a member will not come. */
  #miss(meeting: Meeting, peer: number): void {
    const member = this.ranks.indexOf(peer);
    if (member < 0 || meeting.state !== "open" || meeting.arrived.has(member)) return;
    meeting.finished.fail(this.#missed(peer));
    this.#decide(meeting, false);
  }

  #missed(peer: number): PeerLostError {
    const cause = this.#members.engine.lostPeers.get(peer);
    const text = `${this.#members.name}: waits for rank ${peer}, ${cause?.message}; it will never call this`;
    return new PeerLostError(peer, text, { cause });
  }

  #decide(meeting: Meeting, all: boolean): void {
    if (meeting.state !== "open") return;
    const { call } = meeting;
    const { meetings } = this.#transport;
    meeting.state = all ? "met" : "refused";
    if (meeting.isOver) this.#meetings.delete(call.sequence);
    if (this.#decides) {
      meetings.undecided--;
      for (let peer = 1; peer < call.size; peer++) this.#post(peer, all ? Note.all : Note.nobody, call);
    }
    if (all) {
      this.#met.push(meeting);
      this.#advance();
    } else {
      meetings.open--;
      this.#close();
    }
  }

  /** Begins what can be begun. Runs while a message is delivered, since whoever waits polls and awaits nothing else. */
  #advance(): void {
    if (this.#met.length === 0) return;
    if (this.#group === undefined) return this.#join().meet();
    for (const meeting of this.#met) {
      this.#transport.meetings.open--;
      meeting.begin(this.#group);
    }
    this.#met = [];
    this.#close();
  }

  #join(): Joining {
    return (this.#joining ??= new Joining(this.#members, this.#transport, (group) => {
      this.#group = group;
      this.#advance();
    }));
  }

  #post(peer: number, note: number, { sequence, signature }: Call): void {
    const { engine, id, rank, ranks } = this.#members;
    const address = { dest: ranks[peer], context: nativeContext(id), source: rank, tag: sequence };
    engine.post(address, note, NOTHING, signature);
  }

  #close(): void {
    if (!this.#isFreed || this.#isWorld || this.#met.length > 0) return;
    for (const { state } of this.#meetings.values()) if (state === "open") return;
    this.#members.engine.unregister(nativeContext(this.#members.id));
    this.#group?.free();
    this.#group = undefined;
  }
}

const NOTHING = new Uint8Array(0);

/** A collective that ranks come together for. */
class Meeting {
  readonly call: Call;
  readonly finished: Operation<void>;
  readonly #operation: NativeOperation;
  state: "open" | "met" | "refused" = "open";
  /** Nobody waits for it any more. */
  isOver = false;
  /** Who has called it, other than rank 0, which keeps this. */
  readonly arrived = new Set<number>();
  /** Once it has begun: says that nobody waits for it any more. */
  abandon: (() => void) | undefined;

  constructor(call: Call, operation: NativeOperation) {
    this.call = call;
    this.finished = new Operation<void>(call.members.engine);
    this.#operation = operation;
  }

  begin(group: NativeGroup): void {
    this.call.isNative = true;
    try {
      this.abandon = group.start(this.#operation, () => this.finished.complete());
      if (this.isOver) this.abandon();
    } catch (error) {
      this.finished.fail(error);
    }
  }
}
