import { PROC_NULL, type Communicator } from "tsmpi";
import type { Loop } from "./harness.js";
import { pattern, wrongBytes } from "./patterns.js";

/** Edges of `bytes` to and from the four neighbours in a grid of ranks as square as can be, without wrap-around. */
export function halo(comm: Communicator, bytes: number): Loop {
  const sides = neighbours(comm).map((rank, direction) => ({
    rank,
    direction,
    back: direction ^ 1, // up 0, down 1, left 2, right 3
    out: pattern(bytes, 4 * comm.rank + direction),
    into: new Uint8Array(bytes),
  }));
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        const requests: PromiseLike<unknown>[] = [];
        for (const { rank, back, into } of sides) requests.push(comm.recv({ source: rank, tag: back, into }));
        for (const { rank, direction, out } of sides) requests.push(comm.send(out, rank, { tag: direction }));
        for (const request of requests) await request;
      }
    },
    clear: () => sides.forEach(({ into }) => into.fill(0)),
    wrong: () =>
      sides
        .filter(({ rank }) => rank !== PROC_NULL)
        .reduce((sum, { rank, back, into }) => sum + wrongBytes(into, 4 * rank + back), 0),
  };
}

function neighbours({ rank, size }: Communicator): number[] {
  let rows = Math.floor(Math.sqrt(size));
  while (size % rows > 0) rows--;
  const columns = size / rows;
  const [row, column] = [Math.floor(rank / columns), rank % columns];
  const at = (r: number, c: number) =>
    r >= 0 && r < rows && c >= 0 && c < columns ? r * columns + c : PROC_NULL;
  return [at(row - 1, column), at(row + 1, column), at(row, column - 1), at(row, column + 1)];
}
