import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { dial, HELLO_BYTES, Pieces } from "../../../src/comm/transports/tcp/handshake.js";
import type { TcpTransport } from "../../../src/comm/transports/tcp/tcp-transport.js";
import { pattern, Rank } from "./network-rank.js";
import { networkTests } from "./network-tests.js";
import { KEY, open, portOf, world } from "./tcp-world.js";

const SIZES = [0, 1, 8, 129, 4096, 16384, 16385, 65536, 131072, 131073, 1 << 20, 3, 20_000_000, 0, 77];
const limits = { timeout: 90_000 };

for (const sealed of [false, true]) {
  const how = sealed ? "sealed" : "in clear";

  networkTests(how, (size) => world(size, { sealed }), SIZES);

  void test(`a payload may be changed as soon as it is sent, ${how}`, limits, async (t) => {
    const { ranks, close } = await world(2, { sealed });
    const [sender, receiver] = ranks;
    for (const [id, bytes] of SIZES.entries()) {
      const payload = pattern(bytes, id);
      let done = false;
      sender.transport.post(1, Int32Array.of(id, 0), payload, () => {
        done = true;
        payload.fill(0xee);
      });
      await Promise.all([sender.until(() => done), receiver.until(() => receiver.inbox.length > id)]);
    }
    for (const [id, bytes] of SIZES.entries())
      t.ok(Buffer.compare(receiver.inbox[id].bytes, pattern(bytes, id)) === 0, `${bytes} bytes`);
    await close();
  });

  void test(`what a busy receiver does not take stays with the sender, ${how}`, limits, async (t) => {
    const { ranks, close } = await world(2, { sealed });
    const [sender, receiver] = ranks;
    void sender.post(1, 0, pattern(1, 0));
    await receiver.receive();
    let taken = 0;
    const count = 1000;
    for (let id = 1; id <= count; id++)
      sender.transport.post(1, Int32Array.of(id, 0), pattern(60_000, id), () => taken++);
    for (let i = 0; i < 100; i++) sender.transport.progress(); // the receiver does nothing meanwhile
    t.ok(taken < count, `${taken} of ${count} messages of 60 kB are with the kernel`);
    await Promise.all([
      sender.until(() => taken === count),
      receiver.until(() => receiver.inbox.length === count),
    ]);
    for (const [i, { header, bytes }] of receiver.inbox.entries())
      if (header[0] !== i + 1 || bytes[1] !== pattern(2, i + 1)[1]) t.fail(`message ${i}`);
    await close();
  });
}

void test("of two connections that two ranks make at once, one is kept", limits, async (t) => {
  const size = 5;
  const { ranks, close } = await world(size);
  for (const [source, rank] of ranks.entries())
    for (let dest = 0; dest < size; dest++)
      if (dest !== source) for (let id = 0; id < 20; id++) void rank.post(dest, id, pattern(99, id));
  await Promise.all(ranks.map((rank) => rank.until(() => rank.inbox.length === 20 * (size - 1))));
  for (const { inbox, losses, transport } of ranks) {
    for (let source = 0; source < size; source++) {
      const ids = inbox.filter((message) => message.source === source).map(({ header }) => header[0]);
      if (ids.length > 0) t.same(ids, [...Array(20).keys()], "in order");
    }
    t.same(losses, []);
    t.equal(transport.refused, 0);
  }
  await close();
});

void test("close without any message is quick", limits, async (t) => {
  const { close } = await world(3);
  const begun = performance.now();
  await close();
  t.ok(performance.now() - begun < 5000);
});

/** Rank 0 here, rank 1 in a process of its own. */
async function pair(mode: "echo" | "wait" | "close" | "busy") {
  const rank = new Rank<TcpTransport>();
  const child = fork(fileURLToPath(new URL("./tcp-rank.js", import.meta.url)), [mode], { execArgv: [] });
  const { endpoint, connect } = await open(0, 2, rank);
  const [theirs]: [string] = (await once(child, "message")) as [string];
  const book = [endpoint, theirs];
  rank.transport = connect(book);
  const ended = once(child, "exit");
  child.send(book);
  await once(child, "disconnect");
  return { rank, child, ended };
}

void test("a program that is done ends by itself, without close", limits, async (t) => {
  const { rank, ended } = await pair("echo");
  void rank.post(1, 7, pattern(1000, 7));
  const { header, bytes } = await rank.receive();
  const begun = performance.now();
  t.equal(header[0], 7);
  t.ok(Buffer.compare(bytes, pattern(1000, 7)) === 0);
  t.same(await ended, [0, null]);
  t.ok(performance.now() - begun < 5000, `ended after ${performance.now() - begun} ms`);
  await rank.transport.close();
});

void test("a program that waits is kept alive; a peer that is killed is reported lost", limits, async (t) => {
  const { rank, child, ended } = await pair("wait");
  void rank.post(1, 7, pattern(70_000, 7));
  await rank.receive();
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(child.exitCode, null, "it waits for its second message");
  t.same(rank.losses, []);
  const begun = performance.now();
  child.kill("SIGKILL");
  await rank.until(() => rank.losses.length > 0);
  t.ok(performance.now() - begun < 5000, `noticed after ${performance.now() - begun} ms`);
  t.match(rank.losses, [{ peer: 1, reason: /its connection with rank 0 broke/ }]);
  await rank.post(1, 9, pattern(8, 9)); // does not hang, goes nowhere
  await ended;
  await rank.transport.close();
  t.equal(rank.losses.length, 1, "reported once");
});

void test("what waits for a peer that is killed does not wait for ever", limits, async (t) => {
  const { rank, child, ended } = await pair("wait");
  void rank.post(1, 1, pattern(8, 1));
  await rank.receive();
  child.kill("SIGSTOP");
  let sent = 0;
  for (let id = 0; id <= 200; id++)
    rank.transport.post(1, Int32Array.of(id, 0), pattern(id < 200 ? 60_000 : 20_000_000, id), () => sent++);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.ok(sent < 201);
  child.kill("SIGKILL");
  await rank.until(() => sent === 201);
  t.equal(rank.losses.length, 1);
  await ended;
  await rank.transport.close();
});

void test("close delivers everything to another process", limits, async (t) => {
  const { rank, ended } = await pair("close");
  await rank.until(() => rank.inbox.length === 1001);
  t.ok(Buffer.compare(rank.inbox[0].bytes, pattern(20_000_000, 1)) === 0);
  await rank.transport.close();
  t.same(await ended, [0, null]);
  t.same(rank.losses, []);
});

void test("a peer that is busy when it is first sent to is waited for", limits, async (t) => {
  const { rank, ended } = await pair("busy");
  void rank.post(1, 7, pattern(100, 7));
  t.equal((await rank.receive()).header[0], 7);
  t.same(rank.losses, []);
  await ended;
  await rank.transport.close();
});

void test("a peer that nobody answers for is reported lost", limits, async (t) => {
  const rank = new Rank<TcpTransport>();
  const { endpoint, connect } = await open(0, 2, rank);
  rank.transport = connect([endpoint, "127.0.0.1 1"]);
  let sent = false;
  rank.transport.post(1, Int32Array.of(1, 0), pattern(8, 1), () => (sent = true));
  await rank.until(() => rank.losses.length > 0);
  t.match(rank.losses, [{ peer: 1, reason: /ECONNREFUSED.*, tried 3 times/ }]);
  await rank.until(() => sent);
  await rank.transport.close();
});

void test("the address book has an endpoint for every rank, and the address is of this host", async (t) => {
  const rank = new Rank<TcpTransport>();
  const { connect, endpoint } = await open(0, 2, rank);
  t.throws(() => connect([endpoint]), { message: /1 endpoints for 2 ranks/ });
  await connect([endpoint, endpoint]).close();
});

// --- strangers, and nonsense ------------------------------------------------------------------

/** Connects and writes; resolves when the other side has hung up, or after a while. */
async function knock(port: number, noise: Buffer): Promise<void> {
  const socket = connectSocket(port, "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  socket.resume().write(noise);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const timer = setTimeout(() => socket.destroy(), 200);
  await closed;
  clearTimeout(timer);
}

/** The first words of a rank, with `change` made to them. */
function hello(rank: number, to: number, change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(HELLO_BYTES);
  bytes.write("tsmpi-1\n");
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(rank, 12);
  bytes.writeUInt32LE(to, 16);
  randomBytes(32).copy(bytes, 20);
  change(bytes);
  return bytes;
}

void test("strangers are refused and counted, and the job goes on", limits, async (t) => {
  const { ranks, book, close } = await world(2);
  const [rank, other] = ranks;
  const port = portOf(book[0]);
  const noises = [
    Buffer.from("GET / HTTP/1.1\r\nHost: rank\r\nAccept: everything in the world\r\n\r\n"),
    Buffer.alloc(0),
    Buffer.alloc(100_000),
    randomBytes(100_000),
    hello(1, 0), // a rank of the job, it says, and then says no more
    Buffer.concat([hello(1, 0), randomBytes(32)]), // and cannot prove it
    Buffer.concat([hello(1, 0), randomBytes(1_000_000)]),
    hello(0, 0), // the receiver itself
    hello(7, 0), // beyond the job
    hello(1, 1), // looks for another rank
    hello(1, 0, (bytes) => bytes.writeUInt32LE(0, 8)), // does not want to be encrypted
    hello(1, 0, (bytes) => bytes.writeUInt8(0x54, 0)),
  ];
  await Promise.all(noises.map((noise) => knock(port, noise)));
  await rank.until(() => rank.transport.refused === noises.length);
  void other.post(0, 1, pattern(1_000_000, 1));
  let done = false;
  const pump = other.until(() => done);
  const { bytes } = await rank.receive();
  done = true;
  t.ok(Buffer.compare(bytes, pattern(1_000_000, 1)) === 0);
  other.transport.wake();
  await pump;
  t.same([rank.inbox, rank.losses, other.losses], [[], [], []]);
  t.equal(rank.transport.refused, noises.length);
  await close();
});

void test("many who say nothing do not keep a rank out", limits, async (t) => {
  const { ranks, book, close } = await world(2);
  const [rank, other] = ranks;
  const silent: Socket[] = [];
  for (let i = 0; i < 150; i++) {
    const socket = connectSocket(portOf(book[0]), "127.0.0.1").on("error", () => undefined);
    await once(socket, "connect");
    silent.push(socket);
  }
  await rank.until(() => rank.transport.refused > 0);
  void other.post(0, 1, pattern(8, 1));
  t.equal((await rank.receive()).header[0], 1);
  for (const socket of silent) socket.destroy();
  await close();
});

void test("ranks of another job do not get in, and say why they are alone", limits, async (t) => {
  const { ranks, book, close } = await world(2);
  const intruder = new Rank<TcpTransport>();
  const { endpoint, connect } = await open(1, 2, intruder, true, "6f".repeat(32));
  intruder.transport = connect([book[0], endpoint]);
  void intruder.post(0, 1, pattern(8, 1));
  await Promise.all([
    intruder.until(() => intruder.losses.length > 0),
    ranks[0].until(() => ranks[0].transport.refused > 0),
  ]);
  t.match(intruder.losses, [{ peer: 0, reason: /does not know the secret of this job/ }]);
  t.same([ranks[0].inbox, ranks[0].losses], [[], []]);
  const begun = performance.now();
  await intruder.transport.close();
  await close();
  t.ok(performance.now() - begun < 20_000, "nobody waits for the goodbye of who never came in");
});

void test("who answers at a rank's address without the secret gets no message", limits, async (t) => {
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined).on("data", (bytes) => heard.push(bytes));
    socket.write(randomBytes(64));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const rank = new Rank<TcpTransport>();
  const { endpoint, connect } = await open(0, 2, rank);
  rank.transport = connect([endpoint, `127.0.0.1 ${port}`]);
  void rank.post(1, 1, pattern(1000, 1));
  await rank.until(() => rank.losses.length > 0);
  t.match(rank.losses, [{ reason: /does not know the secret of this job/ }]);
  t.ok(Buffer.concat(heard).length <= HELLO_BYTES, "it heard a greeting only");
  server.close();
  await rank.transport.close();
});

/** Rank 1, played by this test: past the handshake it may write what it likes. */
async function played(sealed: boolean) {
  const rank = new Rank<TcpTransport>();
  const { endpoint, connect } = await open(0, 2, rank, sealed);
  rank.transport = connect([endpoint, "127.0.0.1 1"]);
  const socket = connectSocket(portOf(endpoint), "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  const pieces = new Pieces(socket);
  const keys = await dial(socket, pieces, { rank: 1, size: 2, key: KEY, sealed }, 0);
  if (keys === "busy") throw new Error("the rank should not be busy");
  return { rank, socket, keys, port: portOf(endpoint) };
}

void test("a connection that a connected rank gives up half-way is no stranger's", limits, async (t) => {
  const { rank, socket, port } = await played(true);
  await rank.until(() => !rank.transport.alone);
  const second = connectSocket(port, "127.0.0.1");
  second.write(hello(1, 0));
  await once(second, "data"); // it was asked for its proof
  second.destroy();
  await knock(port, randomBytes(100));
  await rank.until(() => rank.transport.refused > 0);
  t.equal(rank.transport.refused, 1, "the noise alone");
  t.same(rank.losses, []);
  socket.destroy();
  await rank.transport.close();
});

void test("fuzzed frames of a member are a lost peer: no crash, no hang, counted", limits, async (t) => {
  for (const sealed of [false, true]) {
    for (let round = 0; round < 10; round++) {
      const { rank, socket } = await played(sealed);
      socket.write(randomBytes(round === 0 ? 100_000 : 300));
      await rank.until(() => rank.losses.length > 0);
      t.equal(rank.transport.malformed, 1, String(rank.losses[0].reason.message));
      t.same(rank.inbox, []);
      socket.destroy();
      await rank.transport.close();
    }
  }
});

const word = (...words: number[]): Buffer => Buffer.from(Uint32Array.from(words).buffer);
const wrongs: readonly (readonly [what: string, frame: Buffer, says: RegExp])[] = [
  ["a missing frame", word(2, 1, 0, 0), /frame 0 is missing, 1 came/],
  ["an unknown kind", word(9, 0, 0, 0), /unknown kind 9/],
  ["a goodbye with a length", word(2, 0, 1, 0), /unknown kind 2/],
  ["a header without end", word(1 | (1_000_000 << 8), 0, 0, 0), /header of \d+ words/],
  ["a length beyond numbers", word(1, 0, 0, 0xffffffff), /a message of \d+ bytes/],
];
for (const [what, frame, says] of wrongs)
  void test(`${what} is a lost peer`, limits, async (t) => {
    const { rank, socket } = await played(false);
    socket.write(frame);
    await rank.until(() => rank.losses.length > 0);
    t.match(rank.losses, [{ peer: 1, reason: says }]);
    t.equal(rank.transport.malformed, 1);
    socket.destroy();
    await rank.transport.close();
  });

void test(
  "a peer that leaves in the middle of a message is lost, and nothing of it arrives",
  limits,
  async (t) => {
    const { rank, socket } = await played(false);
    socket.end(Buffer.concat([word(1 | (2 << 8), 0, 1000, 0), word(1, 1), Buffer.alloc(500)]));
    await rank.until(() => rank.losses.length > 0);
    t.match(rank.losses, [{ reason: /left in the middle of a message/ }]);
    t.same(rank.inbox, []);
    await rank.transport.close();
  },
);
