import { awaitingPlace, untilAwaited } from "./call-place.js";
import { ANSWER, Call, type Members, QUESTION, VERDICT } from "./collectives/call.js";
import { type Agreement, COLLECTIVES, describeSignature, sign } from "./collectives/signature.js";
import { HostBoard } from "./collectives/host-board.js";
import { hostPlan } from "./collectives/hosts.js";
import type { BoardCall } from "./collectives/in-memory/board-call.js";
import { OnBoard } from "./collectives/in-memory/on-board.js";
import type { Judge } from "./collectives/native.js";
import type { Group } from "./group.js";
import { checkRoot } from "./arguments.js";
import { pack } from "./envelope.js";
import {
  CollectiveMismatchError,
  type Mismatch,
  RemoteError,
  type Revocation,
  RevokedError,
} from "./errors.js";
import type { LimitOptions } from "./limit.js";
import { Operation } from "./request.js";
import type { Message } from "./matching.js";
import type { CommState } from "./rank-state.js";
import { REVOKED, Revoking } from "./revocation.js";
import { Task } from "./task.js";
import { ANY_SOURCE, ANY_TAG, type CallOptions, type Request } from "./types.js";
import { messageOf } from "../thrown.js";

/** So many calls are remembered, by sequence number, so that a late message can still be judged. A power of two. */
const REMEMBERED = 64;
/** Patience with a rank that is asked where it calls what does not match. */
const ANSWER_MS = 1000;

/**
 * The collectives of one communicator on this rank: numbers them, compares them with what other ranks call under the
 * same number, and makes the failure of one the failure of all.
 */
export class Calls implements Group, Judge {
  readonly ranks: readonly number[];
  /** How often each operation between two ranks was called: members of their own, which cost V8 next to nothing. */
  readonly messages = {
    send: 0,
    recv: 0,
    sendrecv: 0,
    sendrecvReplace: 0,
    probe: 0,
    iprobe: 0,
    mprobe: 0,
    improbe: 0,
    flushBuffer: 0,
  };
  /** How often each collective was begun, by its number in signatures. */
  readonly #begun: number[] = COLLECTIVES.map(() => 0);
  readonly #members: Members;
  readonly #board: OnBoard | undefined;
  /** Instead, if some members are on other hosts. */
  readonly #hostBoard: HostBoard | undefined;
  readonly #recent: (Call | BoardCall | undefined)[] = Array.from({ length: REMEMBERED });
  /** Those that go through messages and have not ended, however many there are. */
  readonly #running = new Set<Call>();
  /** Calls still to come that have failed on other ranks. */
  readonly #failures = new Map<number, Error>();
  /** Where other ranks call what does not match: asked for, not yet known. */
  readonly #answers = new Map<number, Operation<string>>();
  readonly #revoking: Revoking;
  /** Of calls that give none. */
  timeoutMs = Infinity;
  #sequence = 0;

  constructor(members: Members) {
    const { engine, ranks } = members;
    this.ranks = ranks;
    this.#members = members;
    this.#revoking = new Revoking(members);
    const board = engine.transport.board?.(members.id, ranks);
    if (board !== undefined)
      this.#board = new OnBoard(
        members,
        board,
        (call) => this.#number(call),
        (call, error) => this.#fail(call, error),
      );
    else this.#hostBoard = hostBoard(members);
    for (const peer of engine.lostPeers.keys()) this.lost(peer);
  }

  get name(): string {
    return this.#members.name;
  }

  /** The board, if the next call belongs on it; none does where all are compared. */
  get board(): OnBoard | undefined {
    return this.#board?.takes(this.#sequence) === true && !this.#members.engine.check
      ? this.#board
      : undefined;
  }

  /** How often each operation was called, point-to-point ones included. */
  get counts(): Readonly<Record<string, number>> {
    const collectives = COLLECTIVES.map((name, i) => [name, this.#begun[i]] as const);
    const all = [...Object.entries(this.messages), ...collectives];
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }

  /** Judges a message of a collective by what this rank calls under the same number. */
  inspect(message: Message): Error | undefined {
    const call = this.#call(message.tag);
    const error = call?.mismatch(message);
    if (call !== undefined && error !== undefined) this.#fail(call, error);
    return error;
  }

  /** A collective has failed on another rank, which says so, asks where this rank calls it, or answers that. */
  remoteFailure(sequence: number, source: number, text: string): void {
    if (text.startsWith(REVOKED))
      return this.#revoke(JSON.parse(text.slice(REVOKED.length)) as Revocation, false);
    if (this.#revoking.hears(sequence, source, text, sequence < this.#sequence)) return;
    const call = this.#call(sequence);
    if (text.startsWith(ANSWER)) return this.#answers.get(sequence)?.complete(text.slice(ANSWER.length));
    if (text.startsWith(QUESTION)) {
      if (call === undefined) return;
      if (call.state === "done") return call.notify(source, ANSWER);
      const reason = new RemoteError(source, this.#echo(sequence, source, "it called something else"));
      const place = call.suspend(reason);
      this.#leave(sequence);
      void place.then((where) => call.notify(source, ANSWER + where));
      return;
    }
    const error = text.startsWith(VERDICT)
      ? this.#verdict(sequence, source, JSON.parse(text.slice(VERDICT.length)) as Mismatch)
      : new RemoteError(source, this.#echo(sequence, source, text));
    if (call !== undefined) call.abort(error);
    else if (sequence >= this.#sequence) this.#failures.set(sequence, error);
    this.#leave(sequence);
  }

  /**
   * Leaves the board from a call on that has failed elsewhere. Where this rank has run ahead, what it did on the board
   * will not be looked for there by ranks that have left it before: they are told, or would wait for messages.
   */
  #leave(sequence: number): void {
    if (this.#board?.takes(sequence) !== true) return;
    this.#board.leave(sequence);
    const error = new Error(`it was over here when collective #${sequence} had failed elsewhere`);
    for (const recent of this.#recent) {
      if (recent === undefined || recent instanceof Call || recent.sequence <= sequence) continue;
      if (!recent.running) recent.call.tell(error);
    }
  }

  #echo(sequence: number, source: number, text: string): string {
    return `${this.#members.name}: collective #${sequence} failed on rank ${source}: ${text}`;
  }

  /** The two ranks that do not agree get the same error, others an echo of it. */
  #verdict(sequence: number, source: number, mismatch: Mismatch): Error {
    const error = new CollectiveMismatchError(mismatch);
    if (mismatch.ranks.includes(this.#members.rank)) return error;
    return new RemoteError(source, this.#echo(sequence, source, error.message));
  }

  lost(peer: number): void {
    const rank = this.ranks.indexOf(peer);
    if (rank < 0) return;
    this.#board?.lost(rank);
    this.#hostBoard?.lost(rank, peer, this.#members.engine.lostPeers.get(peer));
  }

  audit(): void {
    const { board } = this.#board ?? this.#hostBoard ?? {};
    if (board === undefined) return;
    for (const recent of this.#recent) {
      if (!recent?.running) continue;
      const call = callOf(recent);
      for (let place = 0; place < board.size && call.running; place++) {
        const rank = this.#hostBoard?.ranks[place] ?? place;
        const theirs = rank === call.rank ? undefined : board.noted(call.sequence, place);
        const error = theirs && call.differs(theirs, rank);
        if (error !== undefined) this.#fail(call, error);
      }
    }
  }

  state(): CommState {
    const { id, name, ranks, engine } = this.#members;
    const isWorld = ranks.length === engine.transport.size;
    const { send, recv, sendrecv, sendrecvReplace, probe, mprobe } = this.messages;
    const recent = this.#recent.filter((call) => call !== undefined);
    const running = new Map<number, Call>([...this.#running].map((call) => [call.sequence, call]));
    for (const call of recent) if (call.running) running.set(call.sequence, callOf(call));
    return {
      id,
      name,
      ranks: isWorld ? undefined : ranks,
      begun: this.#sequence,
      calls: this.#sequence + send + recv + sendrecv + sendrecvReplace + probe + mprobe,
      running: [...running.values()].map((call) => ({
        sequence: call.sequence,
        call: call.describe(),
        place: "",
        where: () => call.where(),
      })),
      recent: recent.map(({ sequence, signature }) => ({ sequence, call: describeSignature(signature) })),
    };
  }

  isOver(sequence: number): boolean {
    if (sequence >= this.#sequence) return false;
    for (const call of this.#running) if (call.sequence === sequence) return false;
    return true;
  }

  /** Whether no call is under way. */
  get idle(): boolean {
    return this.#recent.every((call) => !call?.running);
  }

  /** There will be no more calls: gives back the board, if there is one. */
  close(): void {
    if (this.#board !== undefined) this.#members.engine.unwatch(this.#board);
    this.#board?.board.free();
    this.#hostBoard?.close();
  }

  #call(sequence: number): Call | undefined {
    const recent = this.#recent[sequence & (REMEMBERED - 1)];
    return recent?.sequence === sequence ? callOf(recent) : undefined;
  }

  #number(call: BoardCall): number {
    this.#begun[call.signature.kind & 0xff]++;
    this.#recent[this.#sequence & (REMEMBERED - 1)] = call;
    return this.#sequence++;
  }

  /** Starts a call that goes through messages. */
  start<T>(agreement: Agreement, run: (call: Call) => Promise<T>, options: CallOptions = {}): Request<T> {
    const signature = sign(agreement, this.#members.forced);
    this.#begun[signature.kind & 0xff]++;
    const call = new Call(this.#members, this.#sequence++, signature);
    this.#recent[call.sequence & (REMEMBERED - 1)] = call;
    this.#board?.board.notes.note(call.sequence, call.signature); // lets other ranks see what it is
    call.hostBoard = this.#hostBoard;
    call.hostBoard?.begin(call);
    this.#running.add(call);
    const task = new Task(this.#members.engine, this.#run(call, agreement, run));
    this.limit(call, task, options);
    return task;
  }

  /** Has a signal or a time end a call that is under way, and with it the communicator. */
  limit(call: Call, request: Limitable, { signal, timeoutMs = this.timeoutMs }: LimitOptions): void {
    if (request.settled || (signal === undefined && timeoutMs === Infinity)) return;
    const { engine, name, rank } = this.#members;
    const begun = performance.now();
    let isOver = false;
    const end = (reason: unknown, timedOut: boolean): void => {
      if (isOver) return;
      isOver = true;
      void this.#giveUp(call, timedOut ? undefined : { reason }, performance.now() - begun);
    };
    const what = { op: call.describe(), comm: name, rank, peer: ANY_SOURCE, tag: ANY_TAG };
    engine.limit(request, what, { signal, timeoutMs }, end);
    if (signal?.aborted) end(signal.reason, false);
  }

  get revoked(): boolean {
    return this.#revoking.revoked;
  }

  /** Ends the communicator on all its ranks. */
  revoke(reason: string): void {
    const { name, rank } = this.#members;
    const nothing = { call: "", sequence: -1, waitedMs: 0, missing: [], silent: [] };
    this.#revoke({ comm: name, rank, why: "revoke", reason, ...nothing }, true);
  }

  async #giveUp(call: Call, aborted: { reason: unknown } | undefined, waitedMs: number): Promise<void> {
    const { board } = this.#board ?? {};
    const noted = board && ((rank: number) => board.noted(call.sequence, rank) !== undefined);
    const absent = await this.#revoking.absent(call, noted);
    if (call.state !== "running") return; // it has come to an end meanwhile
    const reason = aborted === undefined ? "" : messageOf(aborted.reason);
    const { name: comm, rank } = this.#members;
    const { sequence } = call;
    const why = aborted === undefined ? "timeout" : "abort";
    this.#revoke({ comm, rank, why, call: call.describe(), sequence, waitedMs, reason, ...absent }, true);
  }

  #revoke(revocation: Revocation, mine: boolean): void {
    if (!this.#revoking.begin(revocation, mine)) return;
    const error = (): RevokedError => new RevokedError(revocation);
    this.#board?.revoke(error);
    for (const recent of [...this.#running, ...this.#recent])
      if (recent?.running) callOf(recent).abort(error());
    const { engine, id, context } = this.#members;
    engine.revoke(context, error);
    engine.revoke(id, error);
  }

  /**
   * Ends a call on this rank and, through messages, on all others. If it turns out only now that a call which has
   * ended here was another one elsewhere, what is under way ends instead: it cannot come to a good end.
   */
  #fail(call: Call, error: Error): void {
    if (call.state === "failed") return;
    if (error instanceof CollectiveMismatchError && call.state === "running") {
      void this.#explain(call, error.mismatch, error);
      this.#board?.leave(call.sequence);
      return;
    }
    const ends = call.running ? [call] : this.#recent.filter((other) => other?.running);
    if (ends.length === 0) {
      this.#failures.set(this.#sequence, error);
      this.#board?.leave(this.#sequence);
    }
    for (const other of ends) {
      if (other === undefined) continue;
      callOf(other).abort(error);
      callOf(other).tell(error);
      this.#board?.leave(other.sequence);
    }
  }

  /**
   * Finds out where both ranks call what does not match, then ends the call here and, through messages, on all others.
   * The other rank is asked, and has a second to answer: it may be busy.
   */
  async #explain(call: Call, mismatch: Mismatch, error: Error): Promise<void> {
    const { rank, engine } = this.#members;
    const own = mismatch.ranks[0] === rank ? 0 : 1;
    const answer = new Operation<string>(engine);
    this.#answers.set(call.sequence, answer);
    const place = call.suspend(error);
    call.notify(mismatch.ranks[1 - own], QUESTION);
    const patience = setTimeout(() => answer.complete(""), ANSWER_MS);
    const here = await place; // also leaves the delivery of a message, in which nobody may wait for another
    const there = await answer;
    clearTimeout(patience);
    this.#answers.delete(call.sequence);
    const explained = new CollectiveMismatchError({
      ...mismatch,
      sites: own === 0 ? [here, there] : [there, here],
    });
    call.tell(explained);
    call.abort(explained);
  }

  async #run<T>(call: Call, { root }: Agreement, run: (call: Call) => Promise<T>): Promise<T> {
    try {
      const revoked = this.#revoking.error();
      if (revoked !== undefined) throw revoked;
      if (root !== undefined) checkRoot(call, root);
      const told = this.#failures.get(call.sequence);
      if (told !== undefined) {
        this.#failures.delete(call.sequence);
        throw told;
      }
      const { engine, context, native } = this.#members;
      refuseOthers(call, engine.arrived(context));
      if (native !== undefined) refuseOthers(call, native.early(call.sequence));
      if (engine.check) await compare(call);
      const result = await run(call);
      call.state = "done";
      call.hostBoard?.end(call);
      return result;
    } catch (error) {
      call.hostBoard?.end(call);
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#fail(call, reason);
      if (call.isNative && !this.revoked) this.revoke(`${call.describe()} failed after all had begun it`);
      if (call.verdict === undefined) throw reason;
      await untilAwaited();
      call.isAwaitedAt(awaitingPlace());
      throw await call.verdict;
    } finally {
      this.#running.delete(call);
    }
  }
}

/** @throws {CollectiveMismatchError} If a message that came before this rank's call is of another one. */
function refuseOthers(call: Call, messages: Iterable<Message>): void {
  for (const message of messages) {
    const error = message.tag === call.sequence ? call.mismatch(message) : undefined;
    if (error !== undefined) throw error;
  }
}

/**
 * Compares a call with those of the neighbours in the ring of ranks: if any two ranks differ, so do two neighbours, and
 * what they send is judged on arrival; see Calls.inspect. One empty message a rank.
 */
async function compare(call: Call): Promise<void> {
  const { rank, size } = call;
  if (size === 1) return;
  const told = call.send(TOKEN, (rank + 1) % size);
  await call.receive((rank - 1 + size) % size);
  await told;
}

const TOKEN = pack(new Uint8Array(0));

type Limitable = Pick<Operation<unknown>, "settled" | "limit">;

/** Memory of the ranks of this host among the members, if there are several. */
function hostBoard(members: Members): HostBoard | undefined {
  const { hosts, host } = hostPlan({ members });
  const ranks = hosts[host];
  if (ranks.length === 1 || ranks.length === members.size) return undefined;
  const { engine } = members;
  const board = engine.transport.board?.(
    members.id,
    ranks.map((rank) => members.ranks[rank]),
  );
  return board && new HostBoard(engine, board, ranks);
}

function callOf(recent: Call | BoardCall): Call {
  return recent instanceof Call ? recent : recent.call;
}
