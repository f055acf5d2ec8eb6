import assert from "node:assert/strict";
import { Trace, type TraceEvent } from "../../src/comm/trace.js";
import { init } from "../../src/comm/world.js";
import { realRanks, spmd } from "../spmd.js";

const names = (events: readonly TraceEvent[]): string[] => events.map(({ name }) => name);

await spmd(
  "Trace: marks and spans are recorded in the order of their ends, with what goes with them",
  (comm) => {
    const trace = new Trace(comm.rank);
    const outer = trace.span("outer", { k: 1 });
    trace.mark("begin");
    {
      using inner = trace.span("inner");
      assert.ok(inner);
    }
    outer[Symbol.dispose]();
    outer[Symbol.dispose](); // once
    assert.deepEqual(names(trace.events), ["begin", "inner", "outer"]);
    const [begin, inner, last] = trace.events;
    assert.deepEqual([begin.kind, begin.durationMs], ["mark", 0]);
    assert.deepEqual(last.details, { k: 1 });
    assert.ok(last.startMs <= begin.startMs && begin.startMs <= inner.startMs);
    assert.ok(inner.startMs + inner.durationMs <= last.startMs + last.durationMs);
    trace.clear();
    assert.deepEqual(trace.events, []);
  },
);

await spmd("Trace: nothing is recorded while it pauses, nor what was begun meanwhile", (comm) => {
  const trace = new Trace(comm.rank);
  const [before, ends] = [trace.span("before"), trace.span("ends meanwhile")];
  trace.pause();
  assert.ok(trace.paused);
  trace.mark("unseen");
  const begun = trace.span("begun meanwhile");
  ends[Symbol.dispose]();
  trace.resume();
  begun[Symbol.dispose]();
  before[Symbol.dispose]();
  assert.deepEqual(names(trace.events), ["before"]);
});

await spmd("Trace: only the latest events are kept, and the others counted", (comm) => {
  const trace = new Trace(comm.rank, 10);
  for (let i = 0; i < 57; i++) {
    trace.mark(String(i));
    assert.equal(trace.events.length + trace.dropped, i + 1);
  }
  const latest = Array.from({ length: 10 }, (_, i) => String(47 + i));
  assert.deepEqual(names(trace.events), latest);
});

await spmd(
  "Trace: as an interceptor, it records the calls of a communicator, and those that fail",
  async (comm) => {
    const trace = new Trace(comm.rank);
    const watch = comm.use(trace);
    await comm.allreduce(1);
    await assert.rejects(async () => comm.send(1, comm.size), RangeError);
    await comm.barrier();
    watch[Symbol.dispose]();
    await comm.barrier();
    assert.deepEqual(names(trace.events), ["allreduce", "send", "barrier"]);
    assert.ok(trace.events.every(({ kind, details }) => kind === "call" && details?.["comm"] === comm.name));
    assert.match(String(trace.events[1].details?.["error"]), /RangeError/);
  },
);

await spmd("Trace: in the Chrome format, events of all ranks are on one axis of time", async (comm) => {
  const trace = new Trace(comm.rank);
  const clock = await comm.syncedTime();
  trace.mark("before", { rank: comm.rank });
  await comm.barrier();
  using span = trace.span("after");
  span[Symbol.dispose]();
  const events = await comm.allgather(trace.chrome(clock));
  for (const [rank, [named, before, after]] of events.entries()) {
    assert.deepEqual([named.ph, named.pid, named.args], ["M", rank, { name: `rank ${rank}` }]);
    assert.deepEqual([before.ph, before.pid, before.args], ["i", rank, { rank }]);
    assert.deepEqual([after.ph, after.name, after.cat], ["X", "after", "span"]);
    const [mine] = trace.events;
    const tolerance = 1000 * (2 * clock.errorMs + 5);
    assert.ok(
      after.ts >= 1000 * (mine.startMs + clock.offsetMs) - tolerance,
      "no rank leaves a barrier before all came",
    );
  }
  assert.deepEqual(JSON.parse(JSON.stringify(events[comm.rank])), trace.chrome(clock));
});

await spmd(
  "world.trace: a rank has one, and nothing is in it until the program asks",
  async (comm) => {
    const { trace } = await init();
    trace.clear();
    await comm.barrier();
    assert.deepEqual(trace.events, []);
    trace.mark("here");
    assert.deepEqual(names(trace.events), ["here"]);
  },
  { sizes: [1] },
);

await realRanks(import.meta.url);
