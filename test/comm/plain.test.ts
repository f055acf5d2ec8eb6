import { deepStrictEqual } from "node:assert/strict";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { test } from "tap";
import { decodePlain, encodePlain, PLAIN_BYTES } from "../../src/comm/plain.js";
import { pack, unpack } from "../../src/comm/envelope.js";

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, NaN, ""),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, tie("array"), tie("object")),
  array: fc.array(tie("value"), { maxLength: 6 }),
  object: fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 6, noNullPrototype: true }),
}));

const roundTrip = (x: unknown): unknown => {
  const { code, bytes } = pack(x);
  return unpack(code, bytes.slice());
};

test("plain: any tree of texts, numbers, booleans, null, arrays and objects arrives as the serializer would deliver it", async () => {
  fc.assert(
    fc.property(value, (x) => {
      const expected: unknown = deserialize(serialize(x));
      deepStrictEqual(roundTrip(x), expected);
      const bytes = encodePlain(x);
      if (bytes !== undefined) deepStrictEqual(decodePlain(bytes), expected);
    }),
    { numRuns: 1000 },
  );
});

test("plain: small values take the short way, and what was encoded before stays as it is", async (t) => {
  const all = Array.from({ length: 2000 }, (_, i) => ({
    i,
    text: `${i}`.repeat(i % 40),
    list: [i, null, true],
  }));
  const encoded = all.map(encodePlain);
  t.ok(encoded.every((bytes) => bytes !== undefined));
  t.strictSame(
    encoded.map((bytes) => bytes && decodePlain(bytes)),
    all,
  );
});

test("plain: what is not plain, or not small, is left to the serializer and arrives whole", async (t) => {
  class Point {
    x = 1;
  }
  const twice = { a: 1 };
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const holes: number[] = [];
  holes[2] = 3;
  const match = /b(c)/.exec("abcd");
  const odd: unknown[] = [
    new Date(5),
    new Map([[1, 2]]),
    new Set("abc"),
    new Point(),
    10n,
    [twice, twice],
    circle,
    holes,
    match,
    Object.assign([1, 2], { extra: 1 }),
    Object.assign(new Array<number>(1), { extra: 1 }), // as many keys as elements
    JSON.parse('{"__proto__": {"polluted": true}}'),
    Object.create(null),
    new Float64Array([1, 2]),
    { nested: new Uint8Array(3) },
    new RangeError("of an error"),
    "x".repeat(5000),
    Array.from({ length: 5000 }, (_, i) => i),
    Array.from({ length: 100 }, (_, i) => ({ i })),
  ];
  for (const x of odd) {
    t.equal(encodePlain(x), undefined);
    t.strictSame(roundTrip(x), deserialize(serialize(x)));
  }
  const [first, second] = roundTrip([twice, twice]) as unknown[];
  t.equal(first, second, "one object stays one");
  t.throws(() => pack(() => 1), /could not be cloned/);
  t.throws(() => pack({ f: Symbol("s") }), /could not be cloned/);
});

test("plain: getters are read, as the serializer does; symbols are left out", async (t) => {
  const value = {
    get x() {
      return 7;
    },
    [Symbol("s")]: 1,
  };
  t.strictSame(roundTrip(value), { x: 7 });
});

test("plain: at the limits of length, and bytes that are no value are an error", async (t) => {
  for (const length of [0, 1, 31, 32, 33, 1023, 1024, 1025, 2040, 4090, 4096, 5000])
    for (const text of ["x".repeat(length), "é".repeat(length), "漢".repeat(length)])
      t.equal(roundTrip(text), text, `${length}`);
  const numbers = Array.from({ length: 460 }, (_, i) => i / 3);
  t.strictSame(roundTrip(numbers), numbers);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodePlain(bytes);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
    }),
  );
  t.ok(PLAIN_BYTES >= 1024);
});
