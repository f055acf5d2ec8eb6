import { test } from "tap";
import type { Finding } from "../../launcher/survey.js";
import { describeRing, findRing, isStill } from "../../launcher/wait-graph.js";
import type { CommState, PendingMessage, RankState } from "../../src/comm/rank-state.js";

function waiting(
  pending: readonly Partial<PendingMessage>[],
  comms: readonly CommState[] = [],
  progress = 1,
): Finding {
  const messages = pending.map((message): PendingMessage => ({
    what: "recv",
    comm: "world",
    peer: 0,
    tag: 1,
    place: "a.ts:1",
    ...message,
  }));
  const state: RankState = {
    ...{ progress, busyMs: 0, waits: true, place: "", comms },
    ...{ pending: messages, pendingCount: messages.length },
  };
  return { how: "told", state };
}

const on = (peer: number): Finding => waiting([{ peer }]);

function inCall(call: string, begun: number, isIn = true): CommState {
  const running = isIn ? [{ sequence: begun - 1, call, place: "b.ts:2" }] : [];
  return { id: 2, name: "world", begun, calls: 0, running, recent: [] };
}

const ringOf = (...findings: readonly Finding[]): readonly number[] | undefined =>
  findRing(new Map(findings.entries()), findings.length)?.ranks;

test("rings: receives that wait for each other, whoever else waits for one of them", (t) => {
  t.same(ringOf(on(1), on(2), on(3), on(1)), [1, 2, 3]);
  t.same(ringOf(on(1), on(0)), [0, 1]);
  t.equal(ringOf(on(1), on(2), on(3), waiting([])), undefined, "a chain ends");
  t.equal(describeRing({ ranks: [1, 2, 3] }), "rank 1 waits for rank 2, 2 for 3, 3 for 1");
  t.equal(describeRing({ ranks: [4, 0] }), "rank 4 waits for rank 0, 0 for 4");
  t.end();
});

test("rings: through collectives that need all, for ranks that have not called them", (t) => {
  const early = waiting([], [inCall("barrier()", 3)]);
  const late = waiting([{ peer: 0 }], [inCall("", 2, false)]);
  t.same(ringOf(early, late), [0, 1]);
  t.equal(ringOf(waiting([], [inCall("bcast(root 0)", 3)]), late), undefined, "a root goes on");
  t.equal(ringOf(early, waiting([{ peer: 0 }], [inCall("", 3, false)])), undefined, "it has called it");
  t.end();
});

test("rings: a rank that can go on in several ways is in none", (t) => {
  t.equal(ringOf(waiting([{ peer: 1 }, { peer: 2 }]), on(0), waiting([])), undefined, "two are awaited");
  t.same(ringOf(waiting([{ peer: 1 }, { peer: 2, place: "" }]), on(0), waiting([])), [0, 1], "one is");
  t.equal(ringOf(waiting([{ peer: undefined }]), on(0)), undefined, "from any");
  t.equal(ringOf(on(1), { how: "silent", state: undefined }), undefined, "nothing is known");
  t.equal(ringOf(on(0)), undefined, "a rank alone may yet send to itself");
  t.end();
});

test("rings: none if a rank of it has moved between two surveys", (t) => {
  const before = new Map([on(1), on(0)].entries());
  const ring = { ranks: [0, 1] };
  t.ok(isStill(ring, before, new Map([on(1), on(0)].entries())));
  t.notOk(
    isStill(ring, before, new Map([on(1), waiting([{ peer: 0 }], [], 2)].entries())),
    "it has begun something",
  );
  t.notOk(isStill(ring, before, new Map([on(1), waiting([])].entries())), "its message has come");
  t.notOk(isStill(ring, before, new Map([on(1)].entries())), "it does not answer");
  t.end();
});
