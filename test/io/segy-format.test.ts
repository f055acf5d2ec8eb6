import fc from "fast-check";
import { test } from "tap";
import { formatSegy, fromIbm, parseSegy, toIbm } from "../../src/io/segy-format.js";

const header = (change: (view: DataView) => void) => {
  const bytes = formatSegy({ samples: 10, interval: 2000, format: "ibm", text: "C 1 A TEST" });
  change(new DataView(bytes.buffer));
  return bytes;
};
const traces = (n: number, bytes = 4) => 3600 + n * (240 + 10 * bytes);

test("IBM floats: known ones, and all within their precision there and back", async (t) => {
  const known = [[0xc276a000, -118.625], [0x41100000, 1], [0x00000000, 0], [0x40800000, 0.5], [0x42640000, 100]]; // prettier-ignore
  for (const [bits, value] of known) {
    t.equal(fromIbm(bits), value);
    t.equal(fromIbm(bits | 0), value, "as a signed integer");
    if (value !== 0) t.equal(toIbm(value), bits);
  }
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e37), max: Math.fround(1e37) }),
      (value) => {
        if (Math.abs(value) < 1e-30) return;
        const back = fromIbm(toIbm(value));
        t.ok(Math.abs(back - value) <= 2 ** -21 * Math.abs(value));
        t.equal(fromIbm(toIbm(back)), back);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
  t.equal(fromIbm(toIbm(1e99)), fromIbm(0x7fffffff), "too large");
  t.equal(toIbm(1e-99), 0, "too small");
});

test("headers: both byte orders, EBCDIC and ASCII, extended headers, every format", async (t) => {
  const info = parseSegy(header(() => undefined), traces(3), "x"); // prettier-ignore
  t.match(info, { traces: 3, samples: 10, interval: 2000, format: "ibm", bigEndian: true, revision: "1.0", dataOffset: 3600 }); // prettier-ignore
  t.match(info.text, /^C 1 A TEST +$/);
  const little = header((view) => {
    for (const at of [3216, 3220, 3224]) view.setUint16(at, view.getUint16(at), true);
    view.setUint16(3504, 1, true);
  });
  t.match(parseSegy(little, traces(2) + 3200, "x"), {
    traces: 2,
    samples: 10,
    bigEndian: false,
    dataOffset: 6800,
  });
  const ebcdic = header((view) =>
    [0xc3, 0x40, 0xf1, 0x40, 0x81].forEach((byte, i) => view.setUint8(i, byte)),
  );
  for (let i = 5; i < 3200; i++) ebcdic[i] = 0x40;
  t.match(parseSegy(ebcdic, traces(0), "x").text, /^C 1 a +$/);
  for (const [code, bytes] of [
    [2, 4],
    [3, 2],
    [5, 4],
    [6, 8],
    [8, 1],
    [10, 4],
    [11, 2],
    [16, 1],
  ])
    // prettier-ignore
    t.equal(parseSegy(header((view) => view.setUint16(3224, code)), traces(4, bytes), "x").traces, 4, `format ${code}`);
});

test("headers that make no sense: file, byte, and what was expected", async (t) => {
  const parse =
    (change: (view: DataView) => void, bytes = traces(2)) =>
    () =>
      parseSegy(header(change), bytes, "a.sgy");
  t.throws(
    parse((view) => view.setUint16(3224, 77)),
    /a\.sgy, byte 3224: sample format 77; known are 1 \(ibm\), 2/,
  );
  t.throws(
    parse((view) => view.setUint16(3220, 0)),
    /byte 3220: the header gives 0 samples/,
  );
  t.throws(
    parse(() => undefined, traces(2) - 1),
    /byte 3880: 1 traces of 280 bytes \(10 samples of ibm\) leave 279 bytes/,
  );
  t.throws(
    () => parseSegy(new Uint8Array(100), 100, "a.sgy"),
    /byte 100: the file ends within the 3600 bytes/,
  );
});
