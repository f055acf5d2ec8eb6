import fc from "fast-check";
import { test } from "tap";
import { Arrivals, type Replies } from "../../../../src/comm/transports/zmq/arrivals.js";
import { z85 } from "../../../../src/comm/transports/zmq/curve.js";
import {
  decode,
  EAGER_BYTES,
  encodeHello,
  encodeMessage,
  encodeSignal,
  type Frame,
  stamp,
} from "../../../../src/comm/transports/zmq/frames.js";
import { HEADER_WORDS_MAX } from "../../../../src/comm/transports/frame.js";

const words = fc.int32Array({ maxLength: HEADER_WORDS_MAX });
const short = fc.uint8Array({ maxLength: 300 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const signal = fc.constantFrom("chunk" as const, "credit" as const);

/** A record, and what it should decode to. */
const record: fc.Arbitrary<{ encoded: Buffer; expected: object }> = fc.oneof(
  fc.tuple(words, short).map(([header, payload]) => ({
    encoded: encodeMessage(header, payload),
    expected: { kind: "message", header: [...header], bytes: payload.length, payload: [...payload] },
  })),
  fc
    .tuple(signal, uint32)
    .map(([kind, bytes]) => ({ encoded: encodeSignal(kind, bytes), expected: { kind, bytes } })),
  fc
    .constantFrom("bye" as const, "done" as const)
    .map((kind) => ({ encoded: encodeSignal(kind), expected: { kind } })),
  fc.tuple(uint32, uint32, fc.string({ unit: "grapheme", maxLength: 40 })).map(([rank, size, jobId]) => ({
    encoded: encodeHello(rank, size, jobId),
    expected: { kind: "hello", rank, size, jobId },
  })),
);

test("a row of records decodes to what was encoded", async (t) => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), uint32, (records, first) => {
      for (const [i, { encoded }] of records.entries()) stamp(encoded, first + i);
      const frames = decode(Buffer.concat(records.map(({ encoded }) => encoded)));
      const expected = records.map(({ expected }, i) => ({ ...expected, sequence: (first + i) >>> 0 }));
      t.same(frames.map(plain), expected);
    }),
    { numRuns: 200 },
  );
});

test("the size of a long message survives beyond 4 GiB; its payload stays behind", async (t) => {
  const payload = new Uint8Array(EAGER_BYTES + 1);
  const encoded = encodeMessage(Int32Array.of(1, -2), payload);
  t.equal(encoded.length, 24, "the payload is not in it");
  t.match(decode(encoded), [{ kind: "message", bytes: EAGER_BYTES + 1, payload: undefined }]);
  encoded.writeUInt32LE(3, 12);
  t.match(decode(encoded), [{ bytes: 3 * 2 ** 32 + EAGER_BYTES + 1 }]);
  encoded.writeUInt32LE(2 ** 31, 12);
  t.throws(() => decode(encoded), RangeError, "more than can be counted is refused");
  t.throws(() => encodeMessage(new Int32Array(HEADER_WORDS_MAX + 1), payload), {
    message: /65 words; at most 64/,
  });
});

test("whatever arrives decodes or is refused with a RangeError, and covers the frame", async (t) => {
  const spoiled = fc
    .tuple(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.nat(),
    )
    .map(([records, changes, cut]) => {
      const frame = Buffer.concat(records.map(({ encoded }) => encoded));
      for (const [at, byte] of changes) frame[at % frame.length] = byte;
      return frame.subarray(0, frame.length - (cut % 3 === 0 ? cut % frame.length : 0));
    });
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(spoiled, noise), (frame) => {
      const frames = attempt(() => decode(frame));
      if (frames === undefined) return void refused++;
      if (frames.some((part) => part.kind === "hello" && part.jobId.includes("\ufffd"))) return; // not UTF-8
      const bytes = frames.reduce((sum, part) => sum + bytesOf(part), 0);
      if (bytes !== frame.length) throw new Error(`${bytes} of ${frame.length} bytes were read`);
    }),
    { numRuns: 5000 },
  );
  t.ok(refused > 100, `${refused} refused`);
});

test("no row of records writes outside a message's memory, or ends in anything but a RangeError", async (t) => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("message" as const),
      bytes: fc.constantFrom(0, 5, EAGER_BYTES + 10, 200_000),
    }),
    fc.record({ kind: signal, bytes: fc.constantFrom(0, 1, 10, EAGER_BYTES, 100_000), wrong: fc.nat(9) }),
    fc.record({ kind: fc.constantFrom("bye" as const, "done" as const, "hello" as const) }),
  );
  let complete = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const landed: { memory: Uint8Array; finished: number }[] = [];
      const begin = (_source: number, _header: Int32Array, bytes: number) => {
        const landing = { memory: new Uint8Array(bytes), finished: 0 };
        landed.push(landing);
        return { memory: landing.memory, done: () => void (landing.finished++, complete++) };
      };
      const replies: Replies = {
        taken: () => undefined,
        credit: () => undefined,
        bye: () => undefined,
        done: () => undefined,
      };
      const arrivals = new Arrivals(3, { begin, ended: () => undefined, lost: () => undefined }, replies);
      for (const [sequence, step] of steps.entries()) {
        const chunk = step.kind === "chunk" ? Buffer.alloc(step.wrong === 0 ? 7 : step.bytes) : undefined;
        const taken = attempt(() => arrivals.take([frameOf(step, sequence)], chunk) ?? true);
        if (taken === undefined) return void refused++;
      }
      if (landed.slice(0, -1).some(({ finished }) => finished !== 1))
        throw new Error("a message was not finished once");
    }),
    { numRuns: 1000 },
  );
  t.ok(complete > 100 && refused > 100, `${complete} messages, ${refused} refusals`);
});

test("z85 of 8 bytes is as in the specification", async (t) => {
  t.equal(z85(Buffer.from("864fd26fb559f75b", "hex")), "HelloWorld");
  t.throws(() => z85(Buffer.alloc(3)), RangeError);
});

/** The result, or `undefined` after a RangeError that speaks of what arrived; any other error is a bug. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    // Not those of Node or V8, such as "Invalid array length" and "offset is out of bounds".
    if (error instanceof RangeError && !("code" in error) && !/invalid|bounds/i.test(error.message))
      return undefined;
    throw error;
  }
}

function frameOf(step: { kind: Frame["kind"]; bytes?: number }, sequence: number): Frame {
  const { kind, bytes = 0 } = step;
  switch (kind) {
    case "message":
      return {
        kind,
        sequence,
        header: Int32Array.of(1),
        bytes,
        payload: bytes <= EAGER_BYTES ? new Uint8Array(bytes) : undefined,
      };
    case "hello":
      return { kind, sequence, rank: 3, size: 4, jobId: "" };
    case "chunk":
    case "credit":
      return { kind, sequence, bytes };
    default:
      return { kind, sequence };
  }
}

function bytesOf(frame: Frame): number {
  switch (frame.kind) {
    case "hello":
      return 16 + Buffer.byteLength(frame.jobId);
    case "message":
      return 16 + frame.header.byteLength + (frame.payload?.length ?? 0);
    default:
      return 16;
  }
}

function plain(frame: Frame): object {
  if (frame.kind !== "message") return frame;
  return { ...frame, header: [...frame.header], payload: [...(frame.payload ?? [])] };
}
