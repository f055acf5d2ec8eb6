import { test } from "tap";
import { stateReport, stateSummary } from "../../launcher/state-report.js";
import type { Finding } from "../../launcher/survey.js";
import type { CommState, PendingMessage, RankState } from "../../src/comm/rank-state.js";

const nothing: RankState = {
  progress: 0,
  busyMs: 0,
  waits: false,
  place: "",
  comms: [],
  pending: [],
  pendingCount: 0,
};

/** A communicator on which these have been called, and the last ones go on. */
function calls(recent: readonly string[], running: number, place: string): CommState {
  const all = recent.map((call, i) => ({ sequence: 40 + i, call }));
  return {
    id: 2,
    name: "world",
    begun: 40 + recent.length,
    calls: 0,
    running: running === 0 ? [] : all.slice(-running).map((call) => ({ ...call, place })),
    recent: all,
  };
}

function told(state: Partial<RankState>): Finding {
  return { how: "told", state: { ...nothing, ...state } };
}

function context(
  size: number,
  { finalized = [], exited = [] }: { finalized?: number[]; exited?: number[] } = {},
) {
  return { size, finalized, exited, show: (place: string) => place };
}

const pending = (message: Partial<PendingMessage>): Partial<RankState> => ({
  pending: [{ what: "recv", comm: "world", peer: 2, tag: 5, place: "", ...message }],
  pendingCount: 1,
});

test("state report: ranks that took different branches, with the last call that all made", (t) => {
  const sum = told({ comms: [calls(["barrier()", "allreduce(sum)"], 1, "solver.ts:91")] });
  const findings = new Map([...Array(16).keys()].map((rank) => [rank, sum]));
  findings.set(3, told({ comms: [calls(["barrier()", "bcast(root 0)"], 1, "solver.ts:88")] }));
  t.same(stateReport(findings, context(16)), [
    '  "world", collective #41',
    "    ranks 0-2,4-15 are in allreduce(sum)  solver.ts:91",
    "    rank 3 is in bcast(root 0)  solver.ts:88",
    '  => ranks took different branches before collective #41 of "world"; the last common call was #40 barrier()',
    "     ranks 0-2,4-15 called allreduce(sum)",
    "     rank 3 called bcast(root 0)",
  ]);
  t.end();
});

test("state report: who is ahead, who has not come, and who cannot come any more, apart", (t) => {
  const findings = new Map([
    [0, told({ comms: [calls(["barrier()"], 1, "")] })],
    [1, told({ comms: [calls(["barrier()", "bcast(root 1)"], 0, "")] })],
    [2, told({ comms: [calls([], 0, "")] })],
    [3, { how: "silent", state: undefined } as const],
  ]);
  t.same(stateReport(findings, context(5, { exited: [4] })).slice(0, 6), [
    '  "world", collective #40',
    "    rank 0 is in barrier()",
    "    rank 1 has been through it",
    "    rank 2 has not called it",
    "    rank 3 tells nothing, see below",
    "    rank 4 has ended",
  ]);
  t.end();
});

test("state report: a message that cannot come any more is called that", (t) => {
  const findings = new Map([
    [0, told(pending({}))],
    [1, told(pending({ peer: undefined, tag: undefined, place: "a.ts:7" }))],
  ]);
  const lines = stateReport(findings, context(3, { finalized: [2], exited: [2] }));
  t.match(lines, [
    "  point to point",
    '    rank 0 waits for a message from rank 2 with tag 5 on "world"; the program of rank 2 is over  => this can never complete',
    '    rank 1 waits for a message from any rank with any tag on "world"  a.ts:7',
    "  rank 2 has ended",
  ]);
  t.end();
});

test("state report: ranks that wait in one place for different ones are on one line", (t) => {
  const findings = new Map(
    [...Array(6).keys()].map((rank) => [rank, told(pending({ peer: (rank + 1) % 6 }))]),
  );
  t.same(stateReport(findings, context(6)), [
    "  point to point",
    '    ranks 0-5 wait for a message each from ranks 0-5 with tag 5 on "world"',
  ]);
  t.end();
});

test("state report: every rank of the job is in it", (t) => {
  const findings = new Map<number, Finding>([
    [0, { how: "interrupted", state: { ...nothing, busyMs: 58_400, place: "assemble.ts:212" } }],
    [1, { how: "silent", state: undefined }],
    [2, { how: "absent", state: undefined }],
    [3, told({ waits: true })],
    [4, told({})],
    [5, told({})],
  ]);
  t.same(stateReport(findings, context(8, { finalized: [5] })), [
    "  ranks 6-7 were not heard of in time",
    "  rank 0 has been computing for 58 s, at assemble.ts:212",
    "  rank 1 does not answer: it computes outside JavaScript, in a library or an add-on",
    "  rank 2 has not called init()",
    "  rank 3 waits for something else of tsmpi",
    "  rank 4 waits for nothing of tsmpi",
    "  rank 5 has finalized, and waits for the others",
  ]);
  t.end();
});

test("state summary: one line for those that do the same", (t) => {
  const barrier = told({ comms: [calls(["barrier()"], 1, "main.ts:80")] });
  const findings = new Map([...Array(16).keys()].filter((rank) => rank !== 5).map((rank) => [rank, barrier]));
  findings.set(7, told(pending({})));
  t.same(stateSummary(findings, context(16)), [
    'ranks 0-4,6,8-15 in barrier() #40 "world"  main.ts:80',
    'rank 7 waiting for a message from rank 2 with tag 5 on "world"',
  ]);
  t.end();
});
