import { chmodSync, existsSync, fstatSync, readSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { createHostMemory } from "../../launcher/host-memory.js";
import { appearing, offerMemory, takeMemory } from "../../launcher/offered-memory.js";

const skip = existsSync("/proc/self/fd") ? false : "needs /proc";

void test(
  "what one process of a host offers, another opens: the same memory and the same pipes",
  { skip },
  async (t) => {
    const file = join(t.testdir(), "offer");
    const memory = createHostMemory(2, 4096);
    t.teardown(() => memory.close());
    const taking = takeMemory(appearing(file, 5000)); // it may come first
    offerMemory(memory, file);
    t.equal(statSync(file).mode & 0o777, 0o600, "for this user only");
    const taken = await taking;
    t.teardown(() => taken.close());
    t.equal(fstatSync(taken.segment).ino, fstatSync(memory.segment).ino);
    t.not(taken.segment, memory.segment);
    const byte = new Uint8Array(1);
    writeSync(taken.bells[1].write, Uint8Array.of(42));
    t.equal(readSync(memory.bells[1].read, byte), 1);
    t.same([...byte], [42]);
  },
);

void test("an offer that others can write is not taken", async (t) => {
  const file = join(t.testdir(), "offer");
  writeFileSync(file, "{}");
  chmodSync(file, 0o666);
  await t.rejects(takeMemory(appearing(file, 1000)), {
    message: /offer is another user's, or open to others/,
  });
});

void test("an offer that does not come in time is an error that names the file", async (t) => {
  await t.rejects(takeMemory(appearing("/no/offer", 1)), {
    message: "/no/offer has not appeared within 0.001 s",
  });
});
