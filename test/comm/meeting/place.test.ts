import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { readPlace } from "../../../src/comm/meeting/place.js";

const NONE = {
  rank: undefined,
  size: undefined,
  address: undefined,
  port: undefined,
  secretFile: undefined,
  encrypt: undefined,
  startTimeout: undefined,
};
const LOCAL = { ...NONE, rank: "1", size: "4", address: "127.0.0.1", port: "29500" };
const FAR = { ...LOCAL, address: "n1" };

void test("a place needs all four variables, and numbers that make sense", async (t) => {
  t.equal(readPlace(NONE), undefined);
  t.equal(readPlace({ ...LOCAL, port: undefined }), undefined);
  t.match(readPlace(LOCAL), { rank: 1, size: 4, address: "127.0.0.1", port: 29500, limitMs: 60_000 });
  t.equal(readPlace({ ...LOCAL, startTimeout: "2.5" })?.limitMs, 2500);
  t.throws(() => readPlace({ ...LOCAL, rank: "4" }), {
    message: 'init: RANK is "4", no whole number from 0 to 3',
  });
  t.throws(() => readPlace({ ...LOCAL, size: "many" }), { message: /WORLD_SIZE is "many"/ });
  t.throws(() => readPlace({ ...LOCAL, port: "0" }), { message: /MASTER_PORT is "0"/ });
  t.throws(() => readPlace({ ...LOCAL, startTimeout: "soon" }), { message: /TSMPI_START_TIMEOUT is "soon"/ });
});

void test("ranks of several hosts need a secret, or to be told that the network is trusted", async (t) => {
  t.match(readPlace(LOCAL), { sealed: false, isOpen: false });
  t.throws(() => readPlace(FAR), {
    message: /where strangers could come, too: let TSMPI_SECRET_FILE name a file/,
  });
  t.match(readPlace({ ...FAR, encrypt: "0" }), { sealed: false, isOpen: true });
  t.match(readPlace({ ...FAR, size: "1", rank: "0" }), { size: 1 });
});

void test("a secret is this user's alone, long enough, and makes the key", async (t) => {
  const folder = t.testdir({ good: "0123456789abcdef\n", other: "0123456789abcdeg", short: "secret" });
  const file = (name: string, mode = 0o600): string => {
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
  const place = readPlace({ ...FAR, secretFile: file("good") });
  t.match(place, { sealed: true, isOpen: false });
  t.match(readPlace({ ...FAR, secretFile: file("good"), encrypt: "0" }), { sealed: false, key: place?.key });
  t.not(place?.key, readPlace({ ...FAR, secretFile: file("other") })?.key);
  t.throws(() => readPlace({ ...FAR, secretFile: file("short") }), { message: /it has 6 characters/ });
  t.throws(() => readPlace({ ...FAR, secretFile: file("good", 0o640) }), {
    message: /open to others; chmod 600/,
  });
  t.throws(() => readPlace({ ...FAR, secretFile: join(folder, "none") }), {
    message: /TSMPI_SECRET_FILE .*ENOENT/,
  });
});
