import { test } from "tap";
import type { OnBoard } from "../../../../src/comm/collectives/in-memory/on-board.js";
import { Recall } from "../../../../src/comm/collectives/in-memory/recall.js";

const board = {} as OnBoard; // only its identity matters

test("a call is the same again if its arrays, counts, operation and board are", async (t) => {
  const recall = new Recall<string>();
  const value = new Float64Array(2);
  const into = new Float64Array(4);
  const counts = [1, 3];
  t.equal(recall.find(board, value, into, counts, "sum"), undefined);
  t.equal(recall.keep({ board, value, into, counts, op: "sum" }, "found"), "found");
  t.equal(recall.find(board, value, into, counts, "sum"), "found");
  t.equal(recall.find(board, value, into, Int32Array.of(1, 3), "sum"), "found");
  t.equal(recall.find({} as OnBoard, value, into, counts, "sum"), undefined);
  t.equal(recall.find(board, value.slice(), into, counts, "sum"), undefined);
  t.equal(recall.find(board, value, into.slice(), counts, "sum"), undefined);
  t.equal(recall.find(board, value, into, undefined, "sum"), undefined);
  t.equal(recall.find(board, value, into, [1, 3, 0], "sum"), undefined);
  t.equal(recall.find(board, value, into, counts, "max"), undefined);
  counts[0] = 2; // the caller's own array
  t.equal(recall.find(board, value, into, counts, "sum"), undefined);
});

test("arrays whose buffer was transferred are not those of before", async (t) => {
  const recall = new Recall<true>();
  const value = new Uint8Array(8);
  const into = new Uint8Array(8);
  recall.keep({ board, value, into, counts: undefined, op: undefined }, true);
  structuredClone(value.buffer, { transfer: [value.buffer] });
  t.equal(recall.find(board, value, into), undefined);
});

test("large memory is not kept alive", async (t) => {
  const recall = new Recall<true>();
  const value = new Uint8Array(new ArrayBuffer(2 ** 20), 0, 8);
  const into = new Uint8Array(8);
  t.equal(recall.keep({ board, value, into, counts: undefined, op: undefined }, true), true);
  t.equal(recall.find(board, value, into), undefined);
});
