import fc from "fast-check";
import { test } from "tap";
import { Places } from "../../../src/comm/transports/places.js";
import { BOARDS, segmentLayout } from "../../../src/comm/wire/segment.js";

const ranks = (count: number): number[] => Array.from({ length: count }, (_, rank) => rank);

/** A host's memory up to its boards, as each of its ranks sees it. */
function host(size: number): Places[] {
  const layout = segmentLayout(size);
  const memory = new SharedArrayBuffer(layout.boards);
  return ranks(size).map((rank) => new Places(memory, layout, rank));
}

test("whoever comes first takes a board for all members; the others find the same, in any order", async (t) => {
  const places = host(4);
  let prepared = 0;
  const taken = [3, 0, 2].map((rank) => places[rank].take(100, [0, 2, 3], () => prepared++));
  t.strictSame(taken, [taken[0], taken[0], taken[0]]);
  t.equal(prepared, 1, "prepared once, by the first");
  t.not(
    places[2].take(102, [2, 3], () => prepared++),
    taken[0],
  );
  t.equal(
    places[1].take(104, [1], () => prepared++),
    taken[0],
    "shared with those that have no rank in common",
  );
});

test("a board is free again once all members are done with it, and not before", async (t) => {
  const [a, b] = host(2);
  const board = a.take(100, [0, 1], () => undefined) ?? -1;
  a.leave(100, [0, 1], board);
  t.not(
    a.take(102, [0, 1], () => undefined),
    board,
    "one still reads it",
  );
  t.equal(
    b.take(100, [0, 1], () => t.fail("it was in use")),
    board,
    "it comes late, and finds it",
  );
  b.leave(100, [0, 1], board);
  t.equal(
    b.take(104, [0, 1], () => undefined),
    board,
  );
});

test("where no board is free, all members are turned away, also those that come when there is one again", async (t) => {
  const [a, b] = host(2);
  const boards = ranks(BOARDS).map((i) => a.take(2 * i + 2, [0], () => undefined) ?? -1);
  t.strictSame(
    [...boards].sort((x, y) => x - y),
    ranks(BOARDS),
  );
  t.equal(
    a.take(1000, [0, 1], () => t.fail()),
    undefined,
  );
  for (const i of ranks(BOARDS)) a.leave(2 * i + 2, [0], boards[i]);
  t.equal(
    b.take(1000, [0, 1], () => t.fail()),
    undefined,
  );
  t.not(
    b.take(1002, [0, 1], () => undefined),
    undefined,
  );
});

test("any history: members agree on the board, and no two communicators of a rank have the same", async () => {
  const size = 5;
  const members = fc.uniqueArray(fc.nat({ max: size - 1 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(fc.record({ members, order: fc.nat() }), { maxLength: 150 }), (steps) => {
      const places = host(size);
      const alive: { id: number; members: readonly number[]; board: number }[] = [];
      steps.forEach(({ members, order }, i) => {
        if (order % 3 === 0 && alive.length > 0) {
          const [{ id, members, board }] = alive.splice(order % alive.length, 1);
          for (const rank of members) places[rank].leave(id, members, board);
          return;
        }
        const id = 2 * i + 2;
        const found = members.map((rank) => places[rank].take(id, members, () => undefined));
        const [board] = found;
        if (!found.every((other) => other === board)) throw new Error(`members got boards ${String(found)}`);
        if (board === undefined) return;
        const clash = alive.find(
          (other) => other.board === board && other.members.some((rank) => members.includes(rank)),
        );
        if (clash !== undefined) throw new Error(`${id} and ${clash.id} share board ${board} and a rank`);
        alive.push({ id, members, board });
      });
    }),
    { numRuns: 100 },
  );
});
