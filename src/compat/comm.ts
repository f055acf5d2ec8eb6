import type { CartCommunicator } from "../comm/api/topologies.js";
import type { Strided } from "../comm/layout.js";
import type { Group } from "../comm/structure/group.js";
import { Attribute } from "../comm/structure/attribute.js";
import { type Communicator, TAG_UB, type TypedArray } from "../comm/types.js";
import { ArrayComm } from "./arrays.js";
import { currentWorld } from "./world.js";

/** Parts of a host by their names in hwloc. */
const HARDWARE = {
  Machine: "host",
  Package: "socket",
  NUMANode: "numa",
  L3Cache: "l3",
  Core: "core",
} as const;
export interface HardwareInfo {
  readonly mpi_hw_resource_type?: keyof typeof HARDWARE;
}

/** Keys of what MPI attaches to every communicator. */
export type PredefinedKey = "TAG_UB" | "UNIVERSE_SIZE" | "APPNUM";

/** A communicator under mpi4py's names. */
export class Comm extends ArrayComm {
  #fatal: Disposable | undefined;

  /** With MPI.UNDEFINED as color this rank joins none, and gets `undefined`. */
  async Split(color: number | undefined, key = 0): Promise<Comm | undefined> {
    return wrap(await this.comm.split(color, key));
  }

  /** The ranks of this host; with COMM_TYPE_HW_GUIDED, of the part of it that `info` names. */
  async Split_type(type: "shared" | "guided", key = 0, info: HardwareInfo = {}): Promise<Comm> {
    if (type !== "shared" && type !== "guided")
      throw new RangeError(
        `Split_type: "${String(type)}" is neither MPI.COMM_TYPE_SHARED nor COMM_TYPE_HW_GUIDED`,
      );
    const by = type === "guided" ? HARDWARE[info.mpi_hw_resource_type ?? "Machine"] : "host";
    return new Comm(await this.comm.splitNode({ key, by }));
  }

  Dup(): Comm {
    return new Comm(this.comm.dup());
  }

  Clone(): Comm {
    return this.Dup();
  }

  async Create(group: Group): Promise<Comm | undefined> {
    return wrap(await this.comm.create(group));
  }

  async Create_group(group: Group, tag = 0): Promise<Comm> {
    return new Comm(await this.comm.createGroup(group, tag));
  }

  async Create_cart(
    dims: readonly number[],
    periods: boolean | readonly boolean[] = false,
    reorder = false,
  ): Promise<Cartcomm | undefined> {
    const cart = await this.comm.cart(dims, { periods, reorder });
    return cart && new Cartcomm(cart);
  }

  /**
   * A key for `Set_attr`.
   *
   * @param copy_fn - The value of a duplicate; true for the same value, false (the default) for none.
   * @param delete_fn - Called when the communicator is freed, or its value deleted or replaced.
   */
  static Create_keyval<T>(
    copy_fn: boolean | ((comm: Comm, key: Attribute<T>, value: T) => T | undefined) = false,
    delete_fn?: (comm: Comm, key: Attribute<T>, value: T) => void,
  ): Attribute<T> {
    const copyOf = typeof copy_fn === "boolean" ? (): undefined => undefined : copy_fn;
    const key: Attribute<T> = new Attribute<T>({
      copy: (value, from) => (copy_fn === true ? value : copyOf(new Comm(from), key, value)),
      release: (value, comm) => delete_fn?.(new Comm(comm), key, value),
    });
    return key;
  }

  Set_attr<T>(key: Attribute<T>, value: T): void {
    key.set(this.comm, value);
  }

  /** `undefined` if nothing is attached. */
  Get_attr(key: PredefinedKey): number | undefined;
  Get_attr<T>(key: Attribute<T>): T | undefined;
  Get_attr(key: PredefinedKey | Attribute<unknown>): unknown {
    if (key instanceof Attribute) return key.get(this.comm);
    if (key === "TAG_UB") return TAG_UB;
    if (key === "UNIVERSE_SIZE") return currentWorld().universeSize;
    return key === "APPNUM" ? currentWorld().appnum : undefined;
  }

  Delete_attr<T>(key: Attribute<T>): void {
    key.delete(this.comm);
  }

  /** MPI.ERRORS_RETURN: calls reject, as they do anyway. MPI.ERRORS_ARE_FATAL: a call that fails ends the job. */
  Set_errhandler(handler: "return" | "fatal"): void {
    this.#fatal?.[Symbol.dispose]();
    this.#fatal = undefined;
    if (handler === "fatal")
      this.#fatal = this.comm.onError((error) => currentWorld().abort(1, String(error)));
  }

  Free(): void {
    this.comm.free();
  }

  static Compare(a: Comm, b: Comm): "identical" | "congruent" | "similar" | "unequal" {
    return a.comm.compare(b.comm);
  }

  /** Ends the job on all ranks. */
  Abort(code = 1): never {
    return currentWorld().abort(code);
  }
}

/** A Cartesian communicator under mpi4py's names. */
export class Cartcomm extends Comm {
  readonly #cart: CartCommunicator;

  constructor(cart: CartCommunicator) {
    super(cart);
    this.#cart = cart;
  }

  get dims(): readonly number[] {
    return this.#cart.dims;
  }

  get periods(): readonly boolean[] {
    return this.#cart.periods;
  }

  get coords(): readonly number[] {
    return this.#cart.coords;
  }

  Get_cart_rank = (coords: readonly number[]): number => this.#cart.rankOf(coords);
  Get_coords = (rank: number): number[] => this.#cart.coordsOf(rank);

  /** [source, dest], as mpi4py returns them. */
  Shift(direction: number, disp: number): [source: number, dest: number] {
    const { source, dest } = this.#cart.shift(direction, disp);
    return [source, dest];
  }

  async Sub(remain: readonly boolean[]): Promise<Cartcomm> {
    return new Cartcomm(await this.#cart.sub(remain));
  }

  async neighbor_allgather<T>(value: T): Promise<(T | undefined)[]> {
    return this.#cart.neighborAllgather(value);
  }

  async neighbor_alltoall<T>(values: readonly T[]): Promise<(T | undefined)[]> {
    return this.#cart.neighborAlltoall(values);
  }

  async Neighbor_allgather<A extends TypedArray>(array: A, into: A): Promise<void> {
    await this.#cart.neighborAllgather(array, { into });
  }

  async Neighbor_alltoall<A extends TypedArray>(array: A, into: A): Promise<void> {
    await this.#cart.neighborAlltoall(array, { into });
  }

  /** A piece for each neighbour, as `{ data, layout, offset }`. */
  async Neighbor_alltoallw(pieces: readonly Strided[], into: readonly Strided[]): Promise<void> {
    await this.#cart.neighborAlltoallw(pieces, { into });
  }
}

function wrap(comm: Communicator | undefined): Comm | undefined {
  return comm && new Comm(comm);
}
