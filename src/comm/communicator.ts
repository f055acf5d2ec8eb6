import { CollectiveCalls } from "./collective-calls.js";
import { childContext, hashRanks, WORLD_CONTEXT } from "./context-id.js";
import type { Counter, Mutex } from "./api/services.js";
import type { Window } from "./api/windows.js";
import type { Comparison, CounterOptions } from "./api/structure.js";
import { bcast } from "./collectives/bcast.js";
import type { Call } from "./collectives/call.js";
import { checkTag, describe } from "./arguments.js";
import { codeOf, isTypedArray } from "./envelope.js";
import type { Engine } from "./engine.js";
import { failed } from "./request.js";
import type { Lease } from "./structure/boards.js";
import { RootCounter } from "./structure/counter.js";
import { disable } from "./structure/freeing.js";
import { Group } from "./structure/group.js";
import { checkGroups } from "./structure/groups-agree.js";
import { RootMutex } from "./structure/mutex.js";
import { sequential } from "./structure/sequential.js";
import type { Service } from "./structure/service.js";
import { ActiveWindow, checkTypes } from "./structure/window.js";
import { agree, type Proposal, type Proposed } from "./structure/proposals.js";
import { Task } from "./task.js";
import type { Communicator, Request, RootOptions, Statistics, TypedArray } from "./types.js";

/** The communicator of a group of the world's ranks; see {@link Communicator} for what its methods do. */
export class GroupCommunicator extends CollectiveCalls implements Communicator {
  readonly #lease: Lease | undefined;
  #children = 0;
  /** How often a communicator was made of a group, by the hash of the group and the tag. */
  readonly #groupsMade = new Map<number, number>();
  #group: Group | undefined;
  #self: GroupCommunicator | undefined;
  #hasTwin = false;
  #freed = false;

  constructor(engine: Engine, id: number, ranks: readonly number[], name: string, lease?: Lease) {
    super(engine, id, ranks, name, lease?.index);
    if (lease === undefined) return;
    if (this.calls.sharing) this.#lease = lease;
    else engine.boards.decline(lease);
  }

  get statistics(): Statistics {
    return { ...this.engine.statistics, calls: this.calls.counts };
  }

  get group(): Group {
    return (this.#group ??= new Group(this.ranks, this.engine.transport.rank));
  }

  get self(): Communicator {
    const { rank } = this.engine.transport;
    return (this.#self ??= new SelfCommunicator(
      this.engine,
      childContext(this.id, -1, rank),
      [rank],
      "self",
    ));
  }

  split(color: number | undefined, key = this.rank): Request<Communicator | undefined> {
    return this.#splitInto(
      "split",
      (child) => `${this.name}/${child}`,
      () => {
        if (color !== undefined && !Number.isSafeInteger(color))
          throw new RangeError(`split: color ${color} on rank ${this.rank} is no integer`);
        return { color, key };
      },
    );
  }

  splitNode(key = this.rank): Request<Communicator> {
    const name = (): string => `${this.name}/node`;
    return this.#splitInto("split", name, () => ({
      color: this.hostOf(this.rank),
      key,
    })) as Request<Communicator>;
  }

  splitLeaders(): Request<Communicator | undefined> {
    const name = (): string => `${this.name}/leaders`;
    return this.#splitInto("split", name, () => {
      const host = this.hostOf(this.rank);
      const leads = this.ranks.findIndex((_, rank) => this.hostOf(rank) === host) === this.rank;
      return { color: leads ? 0 : undefined, key: this.rank };
    });
  }

  create(group: Group): Request<Communicator | undefined> {
    const name = (): string => `${this.name}/group`;
    const propose = (): Proposal => {
      const ranks = this.#ranksOf("create", group);
      const key = ranks.indexOf(this.rank);
      return key < 0 ? { color: undefined, key } : { color: ranks[0], key, details: ranks };
    };
    return this.#splitInto("create", name, propose, (all) => checkGroups("create", all));
  }

  createGroup(group: Group, tag = 0): Request<Communicator> {
    try {
      checkTag(this, "createGroup", tag);
      const ranks = this.#ranksOf("createGroup", group);
      if (!ranks.includes(this.rank)) {
        throw new RangeError(
          `createGroup: rank ${this.rank} of "${this.name}" is not in the group of ranks ${ranks.join(", ")}; only members call it`,
        );
      }
      const hash = hashRanks(ranks, tag);
      const count = (this.#groupsMade.get(hash) ?? 0) + 1;
      this.#groupsMade.set(hash, count);
      // The members agree on the rest among themselves, in a communicator that nobody else knows of.
      const id = childContext(childContext(this.id, -2, hash), count, tag);
      const agreeing = new GroupCommunicator(this.engine, id, group.ranks, `${this.name}/group`);
      const made = agreeing.#splitInto(
        "create",
        () => `${this.name}/group`,
        () => ({ color: 0, key: agreeing.rank }),
      );
      const finish = async (): Promise<Communicator> => {
        try {
          return (await made) as Communicator;
        } finally {
          agreeing.free();
        }
      };
      return new Task(this.engine, finish());
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  dup(): Communicator {
    const lease =
      this.#hasTwin || this.#lease === undefined ? undefined : this.engine.boards.twin(this.#lease);
    this.#hasTwin = true;
    const id = childContext(this.id, ++this.#children, -1);
    return new GroupCommunicator(this.engine, id, this.ranks, `${this.name}'`, lease);
  }

  createWindow<A extends TypedArray>(local: A): Request<Window<A>> {
    const generation = ++this.#children;
    return this.calls.start({ name: "createWindow" }, async (call) => {
      if (!isTypedArray(local))
        throw new TypeError(`createWindow: rank ${this.rank} passes ${describe(local)}, not a typed array`);
      // Requests of other ranks come once this one has told them of its part.
      const window = new ActiveWindow(this, childContext(this.id, generation, -3), local);
      try {
        const details = [codeOf(local), local.length];
        const outcome = await agree(call, { color: 0, key: this.rank, details }, checkTypes);
        const { members = [], lease } = outcome ?? {};
        const id = childContext(this.id, generation, 0);
        const inner = new GroupCommunicator(this.engine, id, this.ranks, `window of ${this.name}`, lease);
        window.open(
          members.map((member) => member.details[1]),
          inner,
        );
        return window;
      } catch (error) {
        window.free();
        throw error;
      }
    });
  }

  counter({ root = 0, start = 0 }: CounterOptions = {}): Request<Counter> {
    const context = this.#serviceContext();
    return this.calls.start({ name: "counter", root }, async (call) => {
      if (!Number.isSafeInteger(start))
        throw new RangeError(`counter: start ${start} on rank ${this.rank} is no integer; pass one`);
      return this.#offer(call, root, new RootCounter(this, context, root, start));
    });
  }

  mutex({ root = 0 }: RootOptions = {}): Request<Mutex> {
    const context = this.#serviceContext();
    return this.calls.start({ name: "mutex", root }, (call) =>
      this.#offer(call, root, new RootMutex(this, context, root)),
    );
  }

  sequential<T>(section: () => T | PromiseLike<T>): Request<T> {
    return this.calls.start({ name: "sequential" }, (call) => sequential(call, section));
  }

  compare(other: Communicator): Comparison {
    if (other === this) return "identical";
    const groups = this.group.compare(other.group);
    return groups === "identical" ? "congruent" : groups;
  }

  free(): void {
    if (this.#freed) return;
    if (this.permanent)
      throw new Error(`free: "${this.name}" lives as long as the program; free what was made of it`);
    this.#freed = true;
    disable(this, this.name);
    this.engine.close(() => this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.permanent) this.free();
  }

  protected get permanent(): boolean {
    return this.id === WORLD_CONTEXT;
  }

  /** Place of a member's host among the job's hosts. */
  protected hostOf(rank: number): number {
    return this.engine.transport.hosts?.[this.ranks[rank]] ?? 0;
  }

  #serviceContext(): number {
    return childContext(this.id, ++this.#children, -3);
  }

  /** A service can be asked once its root has it; the root's word is what others wait for. */
  async #offer<S extends Service>(call: Call, root: number, service: S): Promise<S> {
    try {
      await bcast(call, true, root);
      return service;
    } catch (error) {
      void service.leave();
      throw error;
    }
  }

  /** Makes one communicator of all ranks that propose the same color. */
  #splitInto(
    call: "split" | "create",
    name: (color: number) => string,
    propose: () => Proposal,
    check?: (all: readonly Proposed[]) => void,
  ): Request<GroupCommunicator | undefined> {
    const generation = ++this.#children;
    return this.calls.start({ name: call }, async (call: Call) => {
      const proposal = propose();
      const outcome = await agree(call, proposal, check);
      if (outcome === undefined) return undefined;
      const ranks = outcome.members.map(({ rank }) => this.ranks[rank]);
      const color = proposal.color ?? 0;
      const id = childContext(this.id, generation, color);
      return new GroupCommunicator(this.engine, id, ranks, name(color), outcome.lease);
    });
  }

  /** Ranks in this communicator of a group's members. */
  #ranksOf(where: string, group: Group): number[] {
    return group.ranks.map((world, place) => {
      const rank = this.ranks.indexOf(world);
      if (rank >= 0) return rank;
      throw new RangeError(
        `${where}: rank ${place} of the group, rank ${world} of the world, is not in "${this.name}"; pass a group of its ranks`,
      );
    });
  }

  /** Has the engine forget this communicator, unless something is under way. */
  #close(): boolean {
    if (!this.calls.idle || !this.engine.unregister(this.id) || !this.engine.unregister(this.context))
      return false;
    const board = this.calls.close();
    if (board !== undefined && this.#lease !== undefined) this.engine.boards.retire(this.#lease, board);
    return true;
  }
}

/** The communicator of one rank alone. */
class SelfCommunicator extends GroupCommunicator {
  protected override get permanent(): boolean {
    return true;
  }
}
