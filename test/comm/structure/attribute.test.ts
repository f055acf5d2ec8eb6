import assert from "node:assert/strict";
import { Attribute } from "../../../src/comm/structure/attribute.js";
import type { Communicator } from "../../../src/comm/types.js";
import { realRanks, spmd } from "../../spmd.js";

async function another(comm: Communicator): Promise<Communicator> {
  const other = await comm.split(0);
  assert.ok(other);
  return other;
}

await spmd(
  "Attribute: every communicator and rank has a value of its own, until it is freed",
  async (comm) => {
    const [a, b] = [await another(comm), await another(comm)];
    const released: unknown[] = [];
    const name = new Attribute<string>({ release: (value, of) => released.push([value, of]) });
    assert.equal(name.get(a), undefined);
    assert.equal(name.set(a, `a${comm.rank}`), `a${comm.rank}`);
    name.set(b, "b");
    assert.equal(name.get(a), `a${comm.rank}`);
    assert.equal(name.get(b), "b");
    assert.equal(name.has(comm), false);
    name.set(b, "c");
    assert.deepEqual(released, [["b", b]], "what is replaced is released");
    a.free();
    assert.deepEqual(released.slice(1), [[`a${comm.rank}`, a]]);
    assert.equal(name.get(a), undefined);
    assert.equal(name.delete(b), true);
    assert.equal(name.delete(b), false);
    b.free();
    assert.equal(released.length, 3, "each value once");
    assert.throws(() => name.set(a, "late"), /onFree: .* has been freed/);
    assert.equal(name.get(a), undefined);
  },
);

await spmd("Attribute: a duplicate gets what copy makes for it, and nothing without", async (comm) => {
  const parent = await another(comm);
  const copied = new Attribute<number[]>({ copy: (value, from, to) => [...value, from.rank, to.size] });
  const shared = new Attribute<object>({ copy: (value) => value });
  const [alone, refused] = [new Attribute<number>(), new Attribute<number>({ copy: () => undefined })];
  const plan = {};
  copied.set(parent, [1]);
  shared.set(parent, plan);
  alone.set(parent, 2);
  refused.set(parent, 3);
  const child = parent.dup();
  assert.deepEqual(copied.get(child), [1, comm.rank, comm.size]);
  assert.equal(shared.get(child), plan);
  assert.equal(alone.has(child) || refused.has(child), false);
  const grandchild = child.dup();
  assert.equal(copied.get(grandchild)?.length, 5);
  copied.delete(parent);
  assert.equal(copied.has(parent.dup()), false);
  assert.equal(await child.allreduce(1), comm.size);
  const other = await parent.split(0);
  assert.ok(other);
  assert.equal(shared.has(other), false, "only duplicates inherit");
});

await spmd(
  "Attribute: what is kept may itself be a communicator, used and freed with its owner",
  async (comm) => {
    const owner = await another(comm);
    const channel = new Attribute<Communicator>({
      release: (own) => own.free(),
      copy: (_value, _from, to) => to.dup(),
    });
    const own = channel.set(owner, owner.dup());
    const twin = owner.dup();
    const other = channel.get(twin);
    assert.ok(other !== undefined && other !== own);
    assert.equal(await own.allreduce(1), comm.size);
    assert.equal(await other.allreduce(2), 2 * comm.size);
    owner.free();
    assert.throws(() => own.barrier(), /has been freed/);
    assert.equal(await other.allreduce(3), 3 * comm.size);
    twin.free();
    assert.throws(() => other.barrier(), /has been freed/);
  },
);

await spmd("onDup: a handler that throws leaves no duplicate behind, on this rank alone", async (comm) => {
  const parent = await another(comm);
  let made: Communicator | undefined;
  const watch = parent.onDup((copy) => {
    made = copy;
    throw new Error("no room for it");
  });
  assert.throws(() => parent.dup(), /no room for it/);
  assert.throws(() => made?.barrier(), /has been freed/);
  watch[Symbol.dispose]();
  assert.equal(await parent.dup().allreduce(1), comm.size);
});

await spmd(
  "onFree: the latest first, while the communicator works; all run, whatever they throw",
  async (comm) => {
    const parent = await another(comm);
    const order: string[] = [];
    parent.onFree(() => order.push(`first ${parent.dup().size}`));
    parent.onFree(() => {
      order.push("second");
      throw new Error("first error");
    });
    parent.onFree(() => {
      order.push("third");
      parent.free(); // has no effect
    });
    parent.onFree(() => order.push("never"))[Symbol.dispose]();
    assert.throws(() => parent.free(), /first error/);
    assert.deepEqual(order, ["third", "second", `first ${comm.size}`]);
    assert.throws(() => parent.barrier(), /has been freed/);
    parent.free();
    assert.equal(order.length, 3, "once");
    await comm.barrier();
  },
);

await spmd("dup: a window's own communicators are nobody's duplicates", async (comm) => {
  const parent = await another(comm);
  let count = 0;
  parent.onDup(() => count++);
  if (comm.size === 1) {
    const window = await parent.allocateWindow(Float64Array, 1);
    window.free();
  } else {
    const window = await parent.createWindow(new Float64Array(1));
    await window.fence();
    window.free();
  }
  assert.equal(count, 0);
});

await realRanks(import.meta.url);
