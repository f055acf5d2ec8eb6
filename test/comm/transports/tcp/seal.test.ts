import { randomBytes } from "node:crypto";
import { test } from "tap";
import {
  directCipher,
  nodeCipher,
  Opener,
  SEAL_BYTES,
  SEAL_HEAD_BYTES,
  SEAL_TAG_BYTES,
  Sealer,
} from "../../../../src/comm/transports/tcp/seal.js";
import { pattern } from "../network-rank.js";

const key = randomBytes(32);
const direct = () => directCipher(key) ?? nodeCipher(key);
const both = [() => nodeCipher(key), direct];

void test("OpenSSL called directly and node:crypto seal the same bytes, and open each other's", async (t) => {
  for (const seal of both)
    for (const open of both) {
      const [sealer, reference] = [new Sealer(key, seal()), new Sealer(key, nodeCipher(key))];
      const opener = new Opener(key, open());
      for (const [i, bytes] of [1, 16, 17, 4096, SEAL_BYTES - 1, SEAL_BYTES].entries()) {
        const plain = pattern(bytes, i);
        const cut = Math.floor(bytes / 3);
        const record = sealer.seal([plain.subarray(0, cut), plain.subarray(cut)], bytes);
        t.equal(record.byteLength, SEAL_HEAD_BYTES + bytes + SEAL_TAG_BYTES);
        t.ok(Buffer.compare(record, reference.seal([plain], bytes)) === 0);
        const opened = opener.open(record.subarray(SEAL_HEAD_BYTES)).subarray(0, bytes);
        t.ok(Buffer.compare(opened, plain) === 0, `${bytes} bytes`);
      }
    }
});

void test("a record that was changed, repeated, left out or sealed by another key is refused", async (t) => {
  const records = (count: number) => {
    const sealer = new Sealer(key);
    return Array.from({ length: count }, (_, i) =>
      sealer.seal([pattern(100, i)], 100).slice(SEAL_HEAD_BYTES),
    );
  };
  for (const cipher of both) {
    const fresh = () => new Opener(key, cipher());
    for (const at of [0, 50, 99, 100, 115]) {
      const [changed] = records(1);
      changed[at] ^= 1;
      t.throws(() => fresh().open(changed), { message: /not sealed by the peer/ }, `byte ${at}`);
    }
    const [first, second] = records(2);
    const opener = fresh();
    opener.open(first);
    t.throws(() => opener.open(first), "repeated");
    t.throws(() => fresh().open(second), "the first is left out");
    t.throws(() => new Opener(randomBytes(32)).open(first), "another key");
    t.throws(() => fresh().open(first.subarray(0, 15)), "shorter than a tag");
  }
});
