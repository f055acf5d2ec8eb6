import { closeSync, constants, ftruncateSync, openSync, unlinkSync } from "node:fs";
import { BOARDS, segmentLayout, type SegmentLayout } from "../../wire/segment.js";
import { Board, type BoardHost } from "../board.js";
import { posix } from "../posix.js";
import { gatherInts, type MpiJob } from "./job.js";

/**
 * Memory that the ranks of a host share besides what their MPI shares: for the boards of communicators whose ranks are
 * all on this host. It has a name only until all have mapped it.
 */
export class HostMemory {
  readonly #host: BoardHost;
  /** Local rank of a world rank of this host. */
  readonly #places = new Map<number, number>();
  readonly #local: number;

  /** Collective over the ranks of the host. @throws {Error} If the memory cannot be mapped. */
  constructor(job: MpiJob, crowded: boolean) {
    const { mpi, node, localRank, localSize, rank } = job;
    const layout = segmentLayout(localSize);
    const memory = share(job, layout);
    this.#local = localRank;
    gatherInts(mpi, node, rank, localSize).forEach((world, place) => this.#places.set(world, place));
    const spins = crowded ? 0 : SPINS;
    this.#host = {
      memory,
      layout,
      peers: undefined,
      ring: () => undefined, // who sleeps looks by itself
      rest: (round) => {
        if (round > spins) mpi.yieldCore();
        return round < spins + YIELDS;
      },
    };
  }

  get valueBytes(): number {
    return this.#host.layout.valueBytes;
  }

  board(index: number, ranks: readonly number[]): Board | undefined {
    const places = ranks.map((rank) => this.#places.get(rank));
    if (index >= BOARDS || !places.every((place) => place !== undefined)) return undefined;
    return new Board(this.#host, index, places, places.indexOf(this.#local));
  }
}

const SPINS = 256;
const YIELDS = 400;

function share({ mpi, node, localRank, localSize }: MpiJob, layout: SegmentLayout): ArrayBuffer {
  const bytes = layout.rings; // messages do not go through it
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  const path = (pid: number): string => `/dev/shm/tsmpi-mpi-${pid}`;
  let made: number | undefined;
  if (localRank === 0) {
    made = openSync(path(process.pid), O_RDWR | O_CREAT | O_EXCL, 0o600);
    ftruncateSync(made, bytes);
  }
  const [leader] = gatherInts(mpi, node, process.pid, localSize); // now it is there
  const fd = made ?? openSync(path(leader), O_RDWR);
  const memory = posix().map(fd, bytes);
  closeSync(fd);
  gatherInts(mpi, node, 0, localSize); // now all have it
  if (made !== undefined) unlinkSync(path(process.pid));
  return memory;
}
