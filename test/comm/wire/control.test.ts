import { test } from "tap";
import type { Boot } from "../../../src/comm/boot.js";
import { decode, encode } from "../../../src/comm/wire/control.js";
import { encodeFrame, frame, FrameReader } from "../../../src/comm/wire/frames.js";
import type { ControlMessage, Start } from "../../../src/comm/wire/messages.js";

const boot: Boot = {
  jobId: "1a2b.77",
  rank: 3,
  size: 7,
  localRank: 1,
  localSize: 2,
  nodeRank: 1,
  nodes: 4,
  host: "nöde02",
  appnum: 5,
  attempt: 6,
  transport: "shm",
  localRanks: [2, 3],
  segment: { fd: 4, bytes: 2 ** 33 },
  bells: { own: 5, ring: [6, 7] },
  curve: { publicKey: "p".repeat(40), secretKey: "s".repeat(40) },
  address: "10.1.2.3",
  hosts: [0, 0, 1, 1, 2, 3, 3],
  key: "00ff",
  silentMs: 15_000,
  ports: { first: 50_000, last: 50_999 },
  crowded: true,
};

const start: Start = {
  jobId: "1a2b.77",
  size: 7,
  ranks: [
    { rank: 2, program: 0, cpus: [0, 4, 127], flags: [] },
    { rank: 3, program: 1, cpus: [], flags: ["--inspect=0", ""] },
  ],
  nodeRank: 1,
  nodes: 4,
  host: "node02",
  attempt: 1,
  transport: "zmq",
  programs: [
    {
      code: Uint8Array.of(1, 2, 0, 255),
      sourceMap: new Uint8Array(0),
      args: ["--model", "", "ä b"],
      environment: { PATH: "/bin", EMPTY: "", "ODD=": "line\nline" },
      directory: "/scratch",
    },
    { code: new Uint8Array(0), sourceMap: Uint8Array.of(9), args: [], environment: {}, directory: "" },
  ],
  hosts: [0, 0, 1, 1, 2, 3, 3],
  files: [{ name: "a.json", bytes: Uint8Array.of(1, 2) }],
};

const messages: readonly ControlMessage[] = [
  { kind: "boot", boot },
  { kind: "record", rank: 2, what: "trace", text: "[1]" },
  { kind: "clock", id: 4, ms: 1.8e12 + 0.25 },
  { kind: "inquiry", id: 3, thorough: true },
  { kind: "answer", rank: 5, id: 3, how: "interrupted", state: '{"place":"ä.ts:3"}' },
  {
    kind: "boot",
    boot: { ...boot, rank: 0, segment: undefined, bells: undefined, curve: undefined, ports: undefined },
  },
  { kind: "hello", rank: 2, pid: 4711, endpoint: "tcp://10.1.2.3:555" },
  { kind: "hello", rank: 0, pid: 1, endpoint: "" },
  { kind: "address-book", endpoints: ["tcp://a", "", "tcp://c"] },
  { kind: "address-book", endpoints: [] },
  { kind: "finalize", rank: 0 },
  { kind: "finalized" },
  { kind: "gone", ranks: [0, 9999] },
  { kind: "failure", rank: 1, code: 300, aborted: true, text: "Error: it\n    at x", lostPeer: undefined },
  { kind: "failure", rank: 0, code: -1, aborted: false, text: "", lostPeer: 0 },
  { kind: "agent-hello", nodeRank: 2, pid: 99, version: "0.1.0", probe: "tcp://10.1.2.3:5" },
  {
    kind: "probe",
    targets: [
      { nodeRank: 1, endpoint: "tcp://[::1]:4" },
      { nodeRank: 0, endpoint: "tcp://a:1" },
    ],
  },
  { kind: "probed", failures: [{ nodeRank: 4, reason: "10.1.2.3:4: no answer" }] },
  { kind: "probed", failures: [] },
  { kind: "start", start },
  { kind: "start", start: { ...start, ranks: [], programs: [] } },
  { kind: "started", rank: 6, pid: 1234 },
  { kind: "output", rank: 6, stream: 2, bytes: Buffer.from("hello\n"), timeMs: 1.75e12 },
  { kind: "input", bytes: Buffer.from("hello") },
  { kind: "input", bytes: new Uint8Array(0) },
  { kind: "input-taken" },
  { kind: "consumed", bytes: 2 ** 20 },
  { kind: "exited", rank: 1, code: 3, signal: "", seconds: 12.375, outOfMemory: false },
  { kind: "exited", rank: 1, code: -1, signal: "SIGKILL", seconds: 0, outOfMemory: true },
  { kind: "drained", nodeRank: 1 },
  { kind: "signal", name: "SIGINT" },
  { kind: "stop", graceMs: 5000 },
  { kind: "agent-failed", code: 125, text: "no koffi" },
  { kind: "bye", code: 124 },
  { kind: "alive" },
];

void test("every message arrives as it was", async (t) => {
  for (const message of messages) t.same(decode(encode(message)), message, message.kind);
});

void test("messages are read wherever they lie in memory", async (t) => {
  for (let offset = 0; offset < 8; offset++) {
    const encoded = encode({ kind: "gone", ranks: [1, 2, 3] });
    const shifted = new Uint8Array(encoded.length + offset).fill(255);
    shifted.set(encoded, offset);
    t.same(decode(shifted.subarray(offset)), { kind: "gone", ranks: [1, 2, 3] });
  }
});

void test("a byte stream is cut into messages, however it is chopped", async (t) => {
  const stream = Buffer.concat(messages.map(encodeFrame));
  for (const size of [1, 2, 3, 5, 64, 1000, stream.length]) {
    const reader = new FrameReader();
    const found: ControlMessage[] = [];
    for (let i = 0; i < stream.length; i += size) {
      // The memory is used again, as that of a socket may be.
      const piece = Uint8Array.from(stream.subarray(i, i + size));
      found.push(...reader.push(piece).map(decode));
      piece.fill(255);
    }
    t.same(found, messages, `pieces of ${size}`);
  }
});

void test("frames that cannot be are refused", async (t) => {
  t.throws(() => new FrameReader().push(Uint8Array.of(255, 255, 255, 255)), RangeError);
  const [unknown] = new FrameReader().push(frame(Uint8Array.of(8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0)));
  t.throws(() => decode(unknown), { name: "RangeError", message: /no known message/ });
});
