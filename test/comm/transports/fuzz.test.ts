import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { test } from "tap";
import { Engine } from "../../../src/comm/engine.js";
import { EAGER_BYTES } from "../../../src/comm/envelope.js";
import { selfTransport } from "../../../src/comm/transports/self.js";
import { dial, HELLO_BYTES, Pieces } from "../../../src/comm/transports/tcp/handshake.js";
import { Sealer } from "../../../src/comm/transports/tcp/seal.js";
import type { Sink, Transport } from "../../../src/comm/transports/transport.js";
import { clientOptions } from "../../../src/comm/transports/zmq/curve.js";
import { encodeHello, encodeMessage, encodeSignal, stamp } from "../../../src/comm/transports/zmq/frames.js";
import { openZmq } from "../../../src/comm/transports/zmq.js";
import { KEY, open, portOf } from "./tcp-world.js";
import { library } from "./zmq-world.js";

/**
 * Whatever comes on a socket, the rank goes on: each round changes what a real rank would say, and a rank with a real
 * engine must deliver it, refuse it, or lose the peer, and say so, without an exception and without a hang.
 */

const ROUNDS = 60;
const limits = { timeout: 150_000 };
const CONTEXT = 4;

/** The engine of rank 0, over a network that `connect` opens with it as its sink. */
async function engineOver<T extends Transport>(connect: (sink: Sink) => Promise<T>) {
  const losses: Error[] = [];
  const held: { engine?: Engine } = {};
  const sink: Sink = {
    begin: (source, header, bytes) => {
      if (held.engine === undefined) throw new Error("too early");
      return held.engine.begin(source, header, bytes);
    },
    ended: (peer) => held.engine?.ended(peer),
    lost: (peer, reason) => {
      losses.push(reason);
      held.engine?.lost(peer, reason);
    },
  };
  const transport = await connect(sink);
  const engine = (held.engine = new Engine(() => transport));
  engine.register(CONTEXT, {
    ranks: [0, 1],
    lost: () => undefined,
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await transport.sleep(condition);
  };
  return { transport, engine, losses, until };
}

/** What the engine of rank 1 would post for rank 0: messages of all kinds. */
function conversation(): { header: Int32Array; payload: Uint8Array }[] {
  const posted: { header: Int32Array; payload: Uint8Array }[] = [];
  const engine = new Engine(() => ({
    ...selfTransport,
    rank: 1,
    size: 2,
    post: (_: number, header: Int32Array, payload: Uint8Array, sent: () => void) => {
      posted.push({ header: header.slice(), payload: payload.slice() });
      sent();
    },
  }));
  const to = { dest: 0, context: CONTEXT, source: 1, tag: 7 };
  void engine.send(to, 9, new Uint8Array(8).fill(1));
  void engine.send(to, 9, new Uint8Array(1000).fill(2), { kind: 5, root: 0, count: 3 });
  engine.sendFailure(to, "\u0001!{}");
  engine.post(to, 1, new Uint8Array(16), { kind: 16, root: 1, count: 0 });
  void engine.send(to, 9, new Uint8Array(EAGER_BYTES + 1));
  void engine.send(to, 9, new Uint8Array(0));
  return posted;
}

const MESSAGE = 1;
const BYE = 2;

/** The same as bytes of a TCP connection. */
function stream(): Buffer {
  const frames = conversation().map(({ header, payload }, sequence) => {
    const head = Int32Array.of(MESSAGE | (header.length << 8), sequence, payload.byteLength, 0, ...header);
    return Buffer.concat([Buffer.from(head.buffer), payload]);
  });
  return Buffer.concat([...frames, Buffer.from(Int32Array.of(BYE, frames.length, 0, 0).buffer)]);
}

type Random = (below: number) => number;

/** Numbers that the seed fixes, so that a failure can be repeated. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const CHANGES: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  function flipBits(bytes, random) {
    for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] ^= 1 << random(8);
    return bytes;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random(bytes.length));
  },
  function leaveOut(bytes, random) {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(40))]);
  },
  function repeat(bytes, random) {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1))]);
  },
  function scribble(bytes, random) {
    for (let at = random(bytes.length), i = random(16); i >= 0; i--)
      bytes[(at + i) % bytes.length] = random(256);
    return bytes;
  },
  function invent(bytes, random) {
    return Buffer.from(bytes.map(() => random(256)));
  },
];

/** A connection to rank 0 on which rank 1 has proved itself. */
async function member(port: number, sealed: boolean) {
  const socket = connectSocket(port, "127.0.0.1").on("error", () => undefined);
  await once(socket, "connect");
  const keys = await dial(socket, new Pieces(socket), { rank: 1, size: 2, key: KEY, sealed }, 0);
  if (keys === "busy") throw new Error("the rank should not be busy");
  return { socket, keys };
}

for (const sealed of [false, true])
  void test(
    `tcp, ${sealed ? "sealed" : "in clear"}: changed bytes of a member end its connection`,
    limits,
    async (t) => {
      let malformed = 0;
      const whole = stream();
      for (let round = 0; round < ROUNDS; round++) {
        const random = generator(round);
        const change = CHANGES[round % CHANGES.length];
        let port = 0;
        const { transport, losses, until } = await engineOver(async (sink) => {
          const { endpoint, connect } = await open(0, 2, sink, sealed);
          port = portOf(endpoint);
          return connect([endpoint, "127.0.0.1 1"]);
        });
        const { socket, keys } = await member(port, sealed);
        const said = sealed ? Buffer.from(new Sealer(keys.seal).seal([whole], whole.length)) : whole;
        socket.resume().end(change(Buffer.from(said), random));
        // One that has said goodbye is not missed.
        await Promise.race([until(() => losses.length > 0), once(socket, "close")]);
        malformed += transport.malformed;
        socket.destroy();
        await transport.close();
      }
      t.ok(malformed > ROUNDS / 3, `${malformed} of ${ROUNDS} connections had frames without sense`);
    },
  );

void test("tcp: a changed handshake is refused and counted, and the rank goes on", limits, async (t) => {
  let port = 0;
  const { transport, losses, until } = await engineOver(async (sink) => {
    const { endpoint, connect } = await open(0, 2, sink);
    port = portOf(endpoint);
    return connect([endpoint, "127.0.0.1 1"]);
  });
  for (let round = 0; round < ROUNDS; round++) {
    const random = generator(round);
    const socket = connectSocket(port, "127.0.0.1").on("error", () => undefined);
    await once(socket, "connect");
    const changed = tampered(socket, CHANGES[round % CHANGES.length], random);
    void dial(changed, new Pieces(socket), { rank: 1, size: 2, key: KEY, sealed: true }, 0).catch(
      () => undefined,
    );
    await until(() => transport.refused > round);
    socket.destroy();
  }
  t.equal(transport.refused, ROUNDS);
  t.same(losses, []);
  const { socket } = await member(port, true);
  socket.destroy();
  await transport.close();
});

/** A socket that changes the greeting, or the proof after it, and then says no more. */
function tampered(socket: Socket, change: (typeof CHANGES)[number], random: Random): Socket {
  const which = random(2);
  let count = 0;
  return new Proxy(socket, {
    get(target, name) {
      if (name !== "write") return Reflect.get(target, name, target) as unknown;
      return (bytes: Buffer) => {
        if (count++ !== which) return target.write(bytes);
        const other = change(Buffer.from(bytes), random);
        // What happens to be as it was is no change; and what is too short is waited for.
        const end = Buffer.alloc(HELLO_BYTES, 1);
        target.end(
          other.equals(bytes) || which === 1
            ? Buffer.concat([Buffer.of(~bytes[0]), end])
            : Buffer.concat([other, end]),
        );
        return true;
      };
    },
  });
}

void test("zmq: changed frames of a member are dropped, or end its connection", limits, async (t) => {
  let malformed = 0;
  const curve = library.curveKeyPair();
  const context = new library.Context();
  for (let round = 0; round < ROUNDS / 2; round++) {
    const random = generator(round);
    const peer = new library.Router({ linger: 0, context });
    await peer.bind("tcp://127.0.0.1:*");
    let place = "";
    const { transport, losses, until } = await engineOver(async (sink) => {
      const boot = { rank: 0, size: 2, jobId: "test", curve, address: "127.0.0.1" };
      const { endpoint, connect } = await openZmq(boot, sink);
      place = endpoint;
      return connect([endpoint, peer.lastEndpoint ?? ""]);
    });
    const dealer = new library.Dealer({ ...clientOptions(curve), context, linger: 500 });
    dealer.connect(place);
    const records = conversation().map(({ header, payload }) => encodeMessage(header, payload));
    records.push(encodeSignal("credit", 5), encodeSignal("chunk", 9), encodeSignal("bye"));
    const hello = encodeHello(1, 2, "test");
    await dealer.send(hello);
    records.forEach((record, i) => stamp(record, i + 1));
    await dealer.send(CHANGES[round % CHANGES.length](Buffer.concat(records), random));
    await dealer.send(hello); // out of place in any case
    await until(() => losses.length > 0 || transport.malformed > 0);
    malformed += transport.malformed;
    dealer.close();
    peer.close();
    await transport.close();
  }
  t.ok(malformed >= ROUNDS / 2, `${malformed} frames without sense in ${ROUNDS / 2} rounds`);
});
