import type { CommunicatorHandle } from "./api/threads.js";
import type {
  CartCommunicator,
  CartOptions,
  GraphCommunicator,
  GraphOptions,
  NeighborCommunicator,
} from "./api/topologies.js";
import type { StridedInto } from "./api/collectives.js";
import { checkCall, NO_OPTIONS } from "./call-options.js";
import { describe } from "./arguments.js";
import { overlap } from "./collectives/buffers.js";
import { type Blocks, cut } from "./collectives/blocks.js";
import {
  neighborAllgather,
  neighborAllgatherInto,
  neighborAlltoall,
  neighborAlltoallInto,
  type Neighbors,
} from "./collectives/neighbor.js";
import { checkPieces, packed, spread } from "./collectives/strided-exchange.js";
import type { Engine } from "./engine.js";
import { isTypedArray } from "./envelope.js";
import type { Strided } from "./layout.js";
import { PersistentCollective } from "./persistent-collective.js";
import { ServiceCalls } from "./service-calls.js";
import { type Adjacency, adjacencyOf, checkGraph, describeGraph } from "./structure/adjacency.js";
import { type Grid, gridFor, printGrid, type Shift } from "./structure/grid.js";
import { placeByHost } from "./structure/placement.js";
import { mustAgree, type Proposal } from "./structure/proposals.js";
import type { Plan } from "./structure-calls.js";
import { transfer } from "./thread.js";
import type { CallOptions, Communicator, Counts, Into, RecvCounts, Request, TypedArray } from "./types.js";

/**
 * The communicator of a group of the world's ranks; see {@link Communicator} for what its methods do. It stands in one
 * file with those that have a topology, since each makes the others.
 */
export class GroupCommunicator extends ServiceCalls implements Communicator {
  transfer(): CommunicatorHandle {
    return transfer(this);
  }

  cart(dims: readonly number[], options: CartOptions = NO_OPTIONS): Request<CartCommunicator | undefined> {
    const { periods = false, reorder = false } = options;
    let grid: Grid;
    const propose = (): Proposal => {
      grid = gridFor(dims, periods, this);
      const cells = Array.from({ length: grid.size }, (_, rank) => rank);
      // Every rank knows on which hosts all are, so that all find the same places.
      const hosts = cells.map((rank) => this.hostOf(rank));
      const cell = (reorder ? placeByHost(grid, hosts) : cells).indexOf(this.rank);
      const details = [dims.length, ...grid.dims, ...grid.periods.map(Number), Number(reorder)];
      return { color: cell < 0 ? undefined : 0, key: cell, details };
    };
    return this.splitInto(
      "cart",
      options,
      propose,
      (plan) => new GridCommunicator(this.engine, plan, `${this.name}/cart`, grid),
      (all) => mustAgree("cart", all, printGrid),
    );
  }

  graph(options: GraphOptions): Request<GraphCommunicator> {
    let adjacency: Adjacency = { sources: [], destinations: [] };
    const made = this.splitInto(
      "graph",
      options,
      () => ({ color: 0, key: this.rank, details: describeGraph(options, this) }),
      (plan) => new NodeCommunicator(this.engine, plan, `${this.name}/graph`, adjacency),
      (all) => {
        checkGraph(all);
        adjacency = adjacencyOf(this.rank, options, all);
      },
    );
    return made as Request<GraphCommunicator>; // every rank joins
  }

  protected override make(id: number, ranks: readonly number[], name: string): GroupCommunicator {
    return new GroupCommunicator(this.engine, id, ranks, name);
  }
}

/** Collectives among neighbours; see {@link NeighborCommunicator}. */
class Neighborhood extends GroupCommunicator implements NeighborCommunicator {
  readonly #neighbors: Neighbors;

  constructor(engine: Engine, plan: Place, name: string, neighbors: Neighbors) {
    super(engine, plan.id, plan.ranks, name);
    this.#neighbors = neighbors;
  }

  get sources(): readonly number[] {
    return this.#neighbors.sources;
  }

  get destinations(): readonly number[] {
    return this.#neighbors.destinations;
  }

  override dup(): NeighborCommunicator {
    return super.dup() as Neighborhood; // see `copy`
  }

  neighborAllgather<A extends TypedArray>(value: A, options: CallOptions & Counts & Into<A>): Request<A>;
  neighborAllgather<T>(value: T, options?: CallOptions): Request<(T | undefined)[]>;
  neighborAllgather(
    value: unknown,
    options: CallOptions & Counts & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { into } = options;
    return this.begin({ name: "neighborAllgather" }, options, async (call) => {
      if (into === undefined) return neighborAllgather(call, this.#neighbors, value);
      checkApart("neighborAllgather", value, into);
      const blocks = blocksFor("neighborAllgather into", options, this.sources, into);
      await neighborAllgatherInto(call, this.#neighbors, value, into, blocks);
      return into;
    });
  }

  neighborAlltoall<A extends TypedArray>(
    value: A,
    options: CallOptions & Counts & RecvCounts & Into<A>,
  ): Request<A>;
  neighborAlltoall<T>(values: readonly T[], options?: CallOptions): Request<(T | undefined)[]>;
  neighborAlltoall(
    values: unknown,
    options: CallOptions & Counts & RecvCounts & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { into, recvCounts, recvDispls } = options;
    return this.begin({ name: "neighborAlltoall" }, options, async (call) => {
      if (into === undefined) {
        if (!Array.isArray(values))
          throw new TypeError(
            `neighborAlltoall: rank ${this.rank} passes ${describe(values)}, not an array of values`,
          );
        return neighborAlltoall(call, this.#neighbors, values);
      }
      checkApart("neighborAlltoall", values, into);
      const blocks = blocksFor("neighborAlltoall", options, this.destinations, values);
      const intoCounts = { counts: recvCounts, displs: recvDispls };
      const intoBlocks = blocksFor("neighborAlltoall into", intoCounts, this.sources, into);
      await neighborAlltoallInto(call, this.#neighbors, values, blocks, into, intoBlocks);
      return into;
    });
  }

  neighborAlltoallw(pieces: readonly Strided[], options: StridedInto): Request<readonly Strided[]> {
    const { into } = options;
    return this.begin(
      { name: "neighborAlltoall" },
      options,
      async (call) => {
        checkPieces("neighborAlltoallw", "into", this.sources.length, into);
        const values = packed("neighborAlltoallw", this.destinations.length, pieces);
        spread(
          "neighborAlltoallw",
          await neighborAlltoall(call, this.#neighbors, values),
          into,
          this.sources,
        );
        return into;
      },
      "neighborAlltoallw",
    );
  }

  neighborAlltoallInit<A extends TypedArray>(
    value: A,
    options: CallOptions & Counts & RecvCounts & Into<A>,
  ): PersistentCollective<A> {
    checkCall(this, "neighborAlltoallInit", options);
    const frozen = { ...options };
    return new PersistentCollective(this.engine, "neighborAlltoallInit", () =>
      this.neighborAlltoall(value, frozen),
    );
  }
}

class GridCommunicator extends Neighborhood implements CartCommunicator {
  readonly coords: readonly number[];
  readonly #grid: Grid;

  constructor(engine: Engine, plan: Place, name: string, grid: Grid) {
    const rank = plan.ranks.indexOf(engine.transport.rank);
    const neighbors = grid.neighbors(rank);
    // What a rank sends to the one before arrives there from the one after.
    const order = neighbors.map((_, i) => i ^ 1);
    super(engine, plan, name, { sources: neighbors, destinations: neighbors, order });
    this.coords = grid.coordsOf(rank);
    this.#grid = grid;
  }

  get dims(): readonly number[] {
    return this.#grid.dims;
  }

  get periods(): readonly boolean[] {
    return this.#grid.periods;
  }

  rankOf(coords: readonly number[]): number {
    return this.#grid.rankOf(coords);
  }

  coordsOf(rank: number): number[] {
    return this.#grid.coordsOf(rank);
  }

  shift(dim: number, disp = 1): Shift {
    return this.#grid.shift(this.rank, dim, disp);
  }

  sub(keep: readonly boolean[], options: CallOptions = NO_OPTIONS): Request<CartCommunicator> {
    let part: Grid = this.#grid;
    const propose = (): Proposal => {
      part = this.#grid.sub(keep);
      // Those that share the coordinates that go form a grid.
      const color = this.#grid
        .sub(keep.map((stays) => !stays))
        .rankOf(this.coords.filter((_, i) => !keep[i]));
      return { color, key: this.rank, details: keep.map(Number) };
    };
    const made = this.splitInto(
      "cart",
      options,
      propose,
      (plan) => new GridCommunicator(this.engine, plan, `${this.name}/sub`, part),
      (all) => mustAgree("sub", all, (flags) => `keep [${[...flags].map(Boolean).join(", ")}]`),
    );
    return made as Request<CartCommunicator>; // every rank joins
  }

  override dup(): CartCommunicator {
    return super.dup() as GridCommunicator;
  }

  protected override copy(id: number, name: string): GridCommunicator {
    return new GridCommunicator(this.engine, { id, ranks: this.ranks }, name, this.#grid);
  }
}

class NodeCommunicator extends Neighborhood implements GraphCommunicator {
  readonly #adjacency: Adjacency;

  constructor(engine: Engine, plan: Place, name: string, adjacency: Adjacency) {
    super(engine, plan, name, adjacency);
    this.#adjacency = adjacency;
  }

  get sourceWeights(): readonly number[] | undefined {
    return this.#adjacency.sourceWeights;
  }

  get destinationWeights(): readonly number[] | undefined {
    return this.#adjacency.destinationWeights;
  }

  override dup(): GraphCommunicator {
    return super.dup() as NodeCommunicator;
  }

  protected override copy(id: number, name: string): NodeCommunicator {
    return new NodeCommunicator(this.engine, { id, ranks: this.ranks }, name, this.#adjacency);
  }
}

/** What a communicator is made of. */
type Place = Pick<Plan, "id" | "ranks">;

function checkApart(where: string, value: unknown, into: TypedArray): asserts value is TypedArray {
  if (!isTypedArray(value))
    throw new TypeError(`${where}: into needs a typed array as value, not ${describe(value)}`);
  if (overlap(value, into))
    throw new RangeError(`${where}: into overlaps the values to send; use another buffer`);
}

/** A buffer cut into one block per neighbour, of whom there may be none. */
function blocksFor(where: string, counts: Counts, neighbors: readonly number[], buffer: TypedArray): Blocks {
  if (neighbors.length === 0 && counts.counts === undefined) return { counts: [], displs: [] };
  return cut(where, counts, neighbors.length, buffer.length);
}
