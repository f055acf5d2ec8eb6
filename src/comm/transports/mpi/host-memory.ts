import { randomInt } from "node:crypto";
import { closeSync, constants, existsSync, ftruncateSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { segmentBytes } from "../../wire/segment.js";
import { posix } from "../posix.js";
import type { SharedMemory } from "../shm.js";
import { gatherInts, type MpiJob } from "./job.js";

/**
 * Memory and doorbells that the ranks of this host share besides what their MPI shares, for messages and boards. They
 * have names only until all have opened them. Collective over the ranks of the host.
 *
 * @returns `undefined` on all of them if any could not: then their MPI carries everything.
 */
export function shareHost({ mpi, node, rank, size, localRank, localSize }: MpiJob): SharedMemory | undefined {
  const gather = (value: number): Int32Array => gatherInts(mpi, node, value, localSize);
  const onAll = (step: () => void): boolean => gather(succeeds(step) ? 1 : 0).every((done) => done === 1);
  const localRanks = Array.from(gather(rank)); // in the order of world ranks
  const [token] = gather(randomInt(2 ** 31));
  const path = join(FOLDER, `tsmpi-mpi-${token}`);
  const bellPath = (place: number): string => `${path}-${place}`;
  const bytes = segmentBytes(localSize);
  const fds: number[] = [];
  const make = (): void => {
    posix().makeFifo(bellPath(localRank));
    if (localRank === 0) makeFile(path, bytes);
  };
  const open = (): void => {
    fds.push(openSync(path, constants.O_RDWR));
    for (let place = 0; place < localSize; place++) fds.push(openSync(bellPath(place), RING));
  };
  const shared = onAll(make) && onAll(open);
  rmSync(bellPath(localRank), { force: true });
  if (localRank === 0) rmSync(path, { force: true });
  const [segment, ...ring] = fds;
  if (shared)
    return {
      rank,
      size,
      localRank,
      localSize,
      localRanks,
      segment: { fd: segment, bytes },
      bells: { own: ring[localRank], ring },
    };
  fds.forEach(closeSync);
  return undefined;
}

const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** Both ends, so that a bell is never without a listener. */
const RING = constants.O_RDWR | constants.O_NONBLOCK;

function makeFile(path: string, bytes: number): void {
  const { O_RDWR, O_CREAT, O_EXCL } = constants;
  const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
  ftruncateSync(fd, bytes);
  closeSync(fd);
}

function succeeds(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false; // no such folder, no room, or another container's: MPI works without
  }
}
