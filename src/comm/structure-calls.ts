import type { CallInfo, Interceptor } from "./api/interception.js";
import type { Comparison, SplitNodeOptions } from "./api/structure.js";
import { checkTag } from "./arguments.js";
import { NO_OPTIONS } from "./call-options.js";
import { CollectiveCalls } from "./collective-calls.js";
import type { Call } from "./collectives/call.js";
import type { GroupCommunicator } from "./communicator.js";
import { childContext, hashRanks, WORLD_CONTEXT } from "./context-id.js";
import type { Engine } from "./engine.js";
import { Interceptors } from "./interceptors.js";
import { failed } from "./request.js";
import { disable } from "./structure/freeing.js";
import { Group } from "./structure/group.js";
import { Handlers } from "./structure/handlers.js";
import { checkGroups } from "./structure/groups-agree.js";
import { PARTS, partColor } from "./structure/locality.js";
import { agree, mustAgree, type Outcome, type Proposal, type Proposed } from "./structure/proposals.js";
import { Task } from "./task.js";
import type { CallOptions, Communicator, Request, Statistics } from "./types.js";

/** What a new communicator is made of. */
export interface Plan extends Outcome {
  readonly id: number;
  /** World ranks of the members. */
  readonly ranks: readonly number[];
  readonly call: Call;
}

/**
 * Makes communicators of a communicator, and lets go of it; see api/structure.ts for what the methods do, and structure/
 * for how.
 */
export abstract class StructureCalls extends CollectiveCalls {
  #children = 0;
  /** How often a communicator was made of a group, by the hash of the group and the tag. */
  readonly #groupsMade = new Map<number, number>();
  #group: Group | undefined;
  #self: GroupCommunicator | undefined;
  /** Whether it lives as long as the program. */
  #permanent: boolean;
  #freed = false;
  #interceptors: Interceptors | undefined;
  readonly #duplicated = new Handlers<[copy: Communicator]>();
  readonly #freeing = new Handlers<[]>();

  constructor(engine: Engine, id: number, ranks: readonly number[], name: string) {
    super(engine, id, ranks, name);
    this.#permanent = id === WORLD_CONTEXT;
  }

  get statistics(): Statistics {
    const { statistics, transport } = this.engine;
    const { refused = 0, malformed = 0 } = transport;
    return {
      ...statistics,
      calls: this.calls.counts,
      refusedConnections: refused,
      malformedFrames: malformed,
    };
  }

  get group(): Group {
    return (this.#group ??= new Group(this.ranks, this.engine.transport.rank));
  }

  get self(): Communicator {
    if (this.#self !== undefined) return this.#self;
    const { rank } = this.engine.transport;
    const self = this.make(childContext(this.id, -1, rank), [rank], "self");
    self.#permanent = true;
    return (this.#self = self);
  }

  split(
    color: number | undefined,
    key = this.rank,
    options: CallOptions = NO_OPTIONS,
  ): Request<Communicator | undefined> {
    const propose = (): Proposal => {
      if (color !== undefined && !Number.isSafeInteger(color))
        throw new RangeError(`split: color ${color} on rank ${this.rank} is no integer`);
      return { color, key };
    };
    return this.splitInto("split", options, propose, (plan) => this.#made(plan, String(color)));
  }

  splitNode(options: SplitNodeOptions = NO_OPTIONS): Request<Communicator> {
    const { key = this.rank, by = "host" } = options;
    const propose = (): Proposal => ({
      color: partColor(this.hostOf(this.rank), by),
      key,
      details: [PARTS.indexOf(by)],
    });
    const made = this.splitInto(
      "splitNode",
      options,
      propose,
      (plan) => this.#made(plan, by === "host" ? "node" : by),
      (all) => mustAgree("splitNode", all, ([part]) => `by "${PARTS[part]}"`),
    );
    return made as Request<Communicator>; // every rank joins one
  }

  splitLeaders(options: CallOptions = NO_OPTIONS): Request<Communicator | undefined> {
    const propose = (): Proposal => {
      const host = this.hostOf(this.rank);
      const leads = this.ranks.findIndex((_, rank) => this.hostOf(rank) === host) === this.rank;
      return { color: leads ? 0 : undefined, key: this.rank };
    };
    return this.splitInto("split", options, propose, (plan) => this.#made(plan, "leaders"));
  }

  create(group: Group, options: CallOptions = NO_OPTIONS): Request<Communicator | undefined> {
    const propose = (): Proposal => {
      const ranks = this.#ranksOf("create", group);
      const key = ranks.indexOf(this.rank);
      return key < 0 ? { color: undefined, key } : { color: ranks[0], key, details: ranks };
    };
    const made = (plan: Plan): Communicator => this.#made(plan, "group");
    return this.splitInto("create", options, propose, made, (all) => checkGroups("create", all));
  }

  createGroup(group: Group, tag = 0, options: CallOptions = NO_OPTIONS): Request<Communicator> {
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
      const agreeing = this.make(id, group.ranks, `${this.name}/group`);
      const propose = (): Proposal => ({ color: 0, key: agreeing.rank });
      const made = agreeing.splitInto("create", options, propose, (plan) => this.#made(plan, "group"));
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
    const copy = this.duplicate();
    try {
      this.#duplicated.run(copy);
    } catch (error) {
      copy.free();
      throw error;
    }
    return copy;
  }

  onDup(handler: (copy: Communicator) => void): Disposable {
    return this.#duplicated.add(handler);
  }

  onFree(handler: () => void): Disposable {
    return this.#freeing.add(handler);
  }

  /** As `dup`, without a word to those who keep something for this communicator. */
  protected duplicate(): Communicator {
    return this.copy(childContext(this.id, ++this.#children, -1), `${this.name}'`);
  }

  use(interceptor: Interceptor): Disposable {
    return (this.#interceptors ??= new Interceptors(this)).add(interceptor);
  }

  onError(handler: (error: unknown, call: CallInfo) => void): Disposable {
    return this.use({ error: (call, error) => handler(error, call) });
  }

  compare(other: Communicator): Comparison {
    if (Object.is(other, this)) return "identical";
    const groups = this.group.compare(other.group);
    return groups === "identical" ? "congruent" : groups;
  }

  revoke(reason = ""): void {
    this.calls.revoke(reason);
  }

  get revoked(): boolean {
    return this.calls.revoked;
  }

  free(): void {
    if (this.#freed) return;
    if (this.#permanent)
      throw new Error(`free: "${this.name}" lives as long as the program; free what was made of it`);
    this.#freed = true;
    const failure = this.#freeing.runBackwards();
    disable(this, this.name);
    this.engine.close(() => this.#close());
    if (failure !== undefined) throw failure.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#permanent) this.free();
  }

  /** A communicator of some of these ranks. */
  protected abstract make(id: number, ranks: readonly number[], name: string): GroupCommunicator;

  /** One of the same ranks, in every other respect like this one. */
  protected copy(id: number, name: string): Communicator {
    return this.make(id, this.ranks, name);
  }

  /** Numbers what is made of this communicator: the same on every rank, since all make it in the same order. */
  protected nextGeneration(): number {
    return ++this.#children;
  }

  /** Place of a member's host among the job's hosts. */
  protected hostOf(rank: number): number {
    return this.engine.transport.hosts?.[this.ranks[rank]] ?? 0;
  }

  /** Makes one communicator of all ranks that propose the same color. */
  protected splitInto<C>(
    name: "create" | "split" | "splitNode" | "cart" | "graph" | "createWindow" | "allocateShared",
    options: CallOptions,
    propose: () => Proposal,
    make: (plan: Plan) => C | Promise<C>,
    check?: (all: readonly Proposed[]) => void,
  ): Request<C | undefined> {
    const generation = this.nextGeneration();
    const agreement = { name: name === "splitNode" ? "split" : name } as const;
    return this.begin(
      agreement,
      options,
      async (call: Call) => {
        const proposal = propose();
        const outcome = await agree(call, proposal, check);
        if (outcome === undefined) return undefined;
        const ranks = outcome.members.map(({ rank }) => this.ranks[rank]);
        const id = childContext(this.id, generation, proposal.color ?? 0);
        return make({ ...outcome, id, ranks, call });
      },
      name,
    );
  }

  #made({ id, ranks }: Plan, name: string): Communicator {
    return this.make(id, ranks, `${this.name}/${name}`);
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
    this.native?.free();
    this.calls.close();
    return true;
  }
}
