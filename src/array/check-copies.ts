import type { DistributedArray } from "./distributed-array.js";
import { numbersPerElement, type Storage } from "./dtype.js";
import { hashOf } from "./hash.js";
import { stridesOf } from "./shape.js";

/** Compares the copies of an array, bit by bit. Collective: one allgather of a number a rank, two broadcasts if they differ. */
export async function checkCopies(array: DistributedArray): Promise<void> {
  const { distribution, local, dtype } = array;
  const { comm } = distribution;
  if (distribution.copies === 1) return;
  const hashes = await comm.allgather(hashOf(bitsOf(local)));
  const ranks = Array.from({ length: comm.size }, (_, rank) => rank);
  const originalOf = (rank: number) => distribution.rankAt(distribution.coordinatesOf(rank) ?? [], 0);
  const odd = ranks.find((rank) => distribution.copyOf(rank) && hashes[rank] !== hashes[originalOf(rank)]);
  if (odd === undefined) return;
  const original = originalOf(odd);
  const theirs = await comm.bcast(comm.rank === original ? local : undefined, { root: original });
  const mine = comm.rank === odd && theirs ? firstDifference(array, theirs) : undefined;
  const where = await comm.bcast(mine, { root: odd });
  throw new Error(
    `checkCopies: copies of ${dtype} ${distribution.toString()} differ: ${where} on rank ${odd} and on rank ${original}; ` +
      "write the same numbers on both",
  );
}

/** The first element that is another one in `original`, in words. */
function firstDifference({ distribution, local, dtype }: DistributedArray, original: Storage): string {
  const [mine, theirs] = [bitsOf(local), bitsOf(original)];
  const bit = mine.findIndex((bits, i) => bits !== theirs[i]);
  const number = Math.floor((bit * 4) / local.BYTES_PER_ELEMENT);
  const element = Math.floor(number / numbersPerElement(dtype));
  const { localShape, localStart } = distribution;
  const index = stridesOf(localShape).map(
    (stride, axis) => localStart[axis] + (Math.floor(element / stride) % localShape[axis]),
  );
  return `element [${index.join(", ")}] is ${local[number]} and ${original[number]}`;
}

function bitsOf({ buffer, byteOffset, byteLength }: Storage): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
