import { test } from "tap";
import { deferred } from "../../launcher/deferred.js";
import type { Greeting } from "../../launcher/greeting.js";
import type { RemoteAgent } from "../../launcher/remote-agent.js";
import { Turns } from "../../launcher/turns.js";

/** Agents that come or fail when they are told to. */
function agents(limit: number) {
  const turns = new Turns(limit);
  const begun: string[] = [];
  const done: string[] = [];
  const ways = new Map<string, ReturnType<typeof deferred<Greeting>>>();
  const start = (name: string): RemoteAgent =>
    turns.startAll(1, () => {
      const way = deferred<Greeting>();
      begun.push(name);
      ways.set(name, way);
      const note = (what: string) => (): void => void done.push(`${what} ${name}`);
      const ended = Promise.resolve("ended");
      const [configure, release] = [note("configure"), note("release")];
      const [fail, kill] = [note("fail"), note("kill")];
      return [{ local: false, greeting: way.promise, gone: ended, configure, release, fail, kill }];
    })[0];
  return { start, begun, done, ways };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void test("no more agents than the limit are on their way; one that comes or fails gives its turn to the next", async (t) => {
  const { start, begun, ways } = agents(2);
  for (const name of ["a", "b", "c", "d"]) start(name);
  await turn();
  t.same(begun, ["a", "b"]);
  ways.get("b")?.reject(new Error("no way"));
  await turn();
  t.same(begun, ["a", "b", "c"]);
  ways.get("a")?.reject(new Error("no way"));
  await turn();
  t.same(begun, ["a", "b", "c", "d"]);
});

void test("what an agent is told before its turn reaches it then; one that is let go is not started", async (t) => {
  const { start, begun, done, ways } = agents(1);
  start("a");
  const b = start("b");
  const c = start("c");
  b.configure(undefined);
  c.release();
  await turn();
  ways.get("a")?.reject(new Error("no way"));
  await turn();
  ways.get("b")?.reject(new Error("no way"));
  t.equal(await c.gone, "it was not started");
  await t.rejects(c.greeting, { message: "it was not started" });
  t.same(begun, ["a", "b"]);
  t.same(done, ["configure b"]);
  b.release();
  t.same(done, ["configure b", "release b"]);
});
