import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { clientOptions } from "../../../src/comm/transports/zmq/curve.js";
import { encodeHello, encodeMessage, encodeSignal, stamp } from "../../../src/comm/transports/zmq/frames.js";
import { openZmq } from "../../../src/comm/transports/zmq.js";
import { pattern, Rank } from "./network-rank.js";
import { networkTests } from "./network-tests.js";
import { library, world } from "./zmq-world.js";

const SIZES = [0, 1, 8, 128, 129, 4096, 65536, 65537, 1 << 20, 3, 20_000_000, 0, 77];
const limits = { timeout: 90_000 };

for (const plain of [false, true])
  networkTests(plain ? "without keys" : "with CURVE", (size) => world(size, { plain }), SIZES);

test("a payload may be changed as soon as it is sent", limits, async (t) => {
  const { ranks, close } = await world(2);
  const [sender, receiver] = ranks;
  const sending = (async () => {
    for (const [id, bytes] of SIZES.entries()) {
      const payload = pattern(bytes, id);
      const done = sender.post(1, id, payload);
      if (bytes > 65536)
        while (!(await Promise.race([done.then(() => true), sender.transport.sleep(() => false)])));
      payload.fill(0xee);
    }
    sender.transport.wake();
  })();
  for (const [id, bytes] of SIZES.entries()) {
    const message = await receiver.receive();
    t.ok(Buffer.compare(message.bytes, pattern(bytes, id)) === 0, `${bytes} bytes`);
  }
  await sending;
  await close();
});

test("close without any message is quick", limits, async (t) => {
  const took: number[] = [];
  for (let time = 0; time < 3; time++) {
    const { close } = await world(3);
    const begun = performance.now();
    await close();
    took.push(performance.now() - begun);
  }
  t.ok(Math.min(...took) < 500, `at best ${Math.min(...took)} ms`); // lingering would take a second
});

test("strangers are refused, and the job goes on", limits, async (t) => {
  const { ranks, book, curve, close } = await world(2);
  const context = new library.Context();
  const serverKey = curve?.publicKey;
  const impostors = [
    { name: "another key", options: clientOptions(library.curveKeyPair(), serverKey) },
    { name: "no key", options: {} },
    { name: "another server's key", options: clientOptions(curve, library.curveKeyPair().publicKey) },
  ];
  for (const { name, options } of impostors) {
    const dealer = new library.Dealer({
      ...options,
      context,
      linger: 0,
      reconnectInterval: -1,
      routingId: "1:x",
    });
    const events: string[] = [];
    const observer = dealer.events;
    const watching = (async () => {
      while (!events.includes("end")) {
        events.push((await observer.receive()).type);
        if (events.at(-1) === "disconnect") dealer.close();
      }
    })();
    dealer.connect(book[0]);
    await Promise.all([watching, dealer.send([encodeHello(1, 2, "test")]).catch(() => undefined)]);
    t.notOk(events.includes("handshake"), `${name}: no connection`);
  }
  t.equal(ranks[0].transport.refused, 1, "the gate counts those that speak CURVE to it");

  for (const noise of [
    randomBytes(10_000),
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    greeting(),
    Buffer.alloc(0),
  ]) {
    const socket = connectTcp(Number(book[0].split(":")[2]), "127.0.0.1").on("error", () => undefined);
    await once(socket, "connect");
    socket.write(noise);
    setTimeout(() => socket.destroy(), 100);
  }

  void ranks[1].post(0, 1, pattern(1_000_000, 1));
  const { bytes } = await ranks[0].receive();
  t.ok(Buffer.compare(bytes, pattern(1_000_000, 1)) === 0);
  t.same([ranks[0].inbox, ranks[0].losses], [[], []]);
  await close();
});

/** The first bytes of a ZeroMQ connection that offers CURVE, and then nonsense. */
function greeting(): Buffer {
  const bytes = Buffer.alloc(64 + 200);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  bytes.write("CURVE", 12);
  bytes.set(randomBytes(200), 64);
  return bytes;
}

test("who has the keys but not the manners is turned away", limits, async (t) => {
  const { ranks, book, curve, close } = await world(2);
  const [rank] = ranks;
  void ranks[1].post(0, 1, pattern(8, 1));
  await rank.receive();
  const context = new library.Context();
  const knock = async (...messages: Buffer[][]) => {
    const dealer = new library.Dealer({
      ...clientOptions(curve),
      context,
      linger: 500,
      reconnectInterval: -1,
    });
    dealer.connect(book[0]);
    for (const parts of messages) await dealer.send(parts);
    dealer.close();
  };
  const before = rank.transport.refused;
  await knock([encodeHello(1, 2, "test")]); // rank 1 is there already
  await knock([encodeHello(0, 2, "test")]); // that is the receiver itself
  await knock([encodeHello(7, 2, "test")]);
  await knock([encodeHello(1, 2, "another job")]);
  await knock([encodeMessage(Int32Array.of(1), pattern(8, 1))]);
  await rank.until(() => rank.transport.refused === before + 5);
  await knock(
    [randomBytes(100)],
    [],
    [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)].concat(Buffer.alloc(9)),
  );
  await knock([Buffer.alloc(2 << 20)]); // longer than anything that is taken: libzmq hangs up
  await rank.until(() => rank.transport.malformed >= 2);
  void ranks[1].post(0, 2, pattern(8, 2));
  t.same((await rank.receive()).header[0], 2);
  t.same([rank.inbox, rank.losses], [[], []]);
  await close();
});

test("a missing record is a lost peer, never a missing message", limits, async (t) => {
  const curve = library.curveKeyPair();
  const rank = new Rank();
  const { endpoint, connect } = await openZmq(
    { rank: 0, size: 2, jobId: "test", curve, address: "127.0.0.1" },
    rank,
  );
  const peer = new library.Router({ linger: 0 });
  await peer.bind("tcp://127.0.0.1:*");
  rank.transport = connect([endpoint, peer.lastEndpoint ?? ""]);
  const context = new library.Context();
  const dealer = new library.Dealer({ ...clientOptions(curve), context, linger: 0 });
  dealer.connect(endpoint);
  const skipped = encodeSignal("bye");
  stamp(skipped, 2);
  await dealer.send([encodeHello(1, 2, "test")]);
  await dealer.send([skipped]);
  await rank.until(() => rank.losses.length > 0);
  t.match(rank.losses, [{ peer: 1, reason: /record 1 is missing/ }]);
  dealer.close();
  peer.close();
  await rank.transport.close();
});

test("a peer that nobody answers for is reported lost", limits, async (t) => {
  const rank = new Rank();
  const boot = { rank: 0, size: 2, jobId: "test", curve: library.curveKeyPair(), address: "127.0.0.1" };
  const { endpoint, connect } = await openZmq(boot, rank);
  rank.transport = connect([endpoint, "tcp://127.0.0.1:1"]);
  void rank.post(1, 1, pattern(8, 1));
  await rank.until(() => rank.losses.length > 0);
  t.match(rank.losses, [{ peer: 1, reason: /nothing answers there, tried 3 times/ }]);
  await rank.transport.close();
});

test("the address book has an endpoint for every rank", async (t) => {
  const rank = new Rank();
  const { connect, endpoint } = await openZmq(
    { rank: 0, size: 2, jobId: "test", curve: undefined, address: "127.0.0.1" },
    rank,
  );
  t.throws(() => connect([endpoint]), { message: /1 endpoints for 2 ranks/ });
  await connect([endpoint, endpoint]).close();
  await t.rejects(
    openZmq({ rank: 0, size: 2, jobId: "test", curve: undefined, address: "192.0.2.77" }, rank),
    /cannot listen on tcp:\/\/192.0.2.77/,
  );
});

/** Rank 0 here, rank 1 in a process of its own. */
async function pair(mode: "echo" | "wait" | "close" | "busy") {
  const curve = library.curveKeyPair();
  const rank = new Rank();
  const child = fork(fileURLToPath(new URL("./zmq-rank.js", import.meta.url)), [mode], { execArgv: [] });
  child.send(curve);
  const { endpoint, connect } = await openZmq(
    { rank: 0, size: 2, jobId: "test", curve, address: "127.0.0.1" },
    rank,
  );
  const [theirs]: [string] = (await once(child, "message")) as [string];
  const book = [endpoint, theirs];
  rank.transport = connect(book);
  const ended = once(child, "exit");
  child.send(book);
  await once(child, "disconnect");
  return { rank, child, ended };
}

test("a program that is done ends by itself, without close", limits, async (t) => {
  const { rank, ended } = await pair("echo");
  await rank.post(1, 7, pattern(1000, 7));
  const { header, bytes } = await rank.receive();
  const begun = performance.now();
  t.equal(header[0], 7);
  t.ok(Buffer.compare(bytes, pattern(1000, 7)) === 0);
  t.same(await ended, [0, null]);
  t.ok(performance.now() - begun < 5000, `ended after ${performance.now() - begun} ms`);
  await rank.transport.close();
});

test("a program that waits is kept alive; a peer that is killed is reported lost", limits, async (t) => {
  const { rank, child, ended } = await pair("wait");
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(child.exitCode, null, "it waits for its first message");
  void rank.post(1, 7, pattern(70_000, 7));
  await new Promise((resolve) => setTimeout(resolve, 300));
  void rank.post(1, 8, pattern(8, 8));
  await rank.receive();
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

test("close delivers everything to another process", limits, async (t) => {
  const { rank, ended } = await pair("close");
  await rank.until(() => rank.inbox.length === 1001);
  t.ok(Buffer.compare(rank.inbox[0].bytes, pattern(20_000_000, 1)) === 0);
  await rank.transport.close();
  t.same(await ended, [0, null]);
  t.same(rank.losses, []);
});

test("a peer that is busy when it is first sent to is waited for", limits, async (t) => {
  const { rank, ended } = await pair("busy");
  await rank.post(1, 7, pattern(100, 7));
  t.equal((await rank.receive()).header[0], 7);
  t.same(rank.losses, []);
  await ended;
  await rank.transport.close();
});
