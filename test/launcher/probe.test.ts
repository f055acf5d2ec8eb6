import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "tap";
import { parseTcpEndpoint } from "../../launcher/address.js";
import { neighborsOf, probe, ProbePort } from "../../launcher/probe.js";

const KEY = "5ec2e7";
const at = (nodeRank: number, endpoint: string) => ({ nodeRank, endpoint });

void test("hosts that answer with the job's secret are reached, others are named with the reason", async (t) => {
  const [first, second, stranger] = await Promise.all([
    ProbePort.open("127.0.0.1", undefined, KEY, 1),
    ProbePort.open("127.0.0.1", undefined, KEY, 2),
    ProbePort.open("127.0.0.1", undefined, "another job", 3),
  ]);
  const mute = createServer().listen(0, "127.0.0.1");
  const parrot = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await Promise.all([once(mute, "listening"), once(parrot, "listening")]);
  const portOf = (server: typeof mute): number => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const [mutePort, parrotPort] = [portOf(mute), portOf(parrot)];
  const reached = await probe([at(1, first.endpoint), at(2, second.endpoint)], KEY, 5000);
  t.same(reached, []);
  second.close();
  const failures = await Promise.all([
    probe(
      [
        at(2, second.endpoint),
        at(3, stranger.endpoint),
        at(4, first.endpoint),
        at(6, `tcp://127.0.0.1:${parrotPort}`),
      ],
      KEY,
      30_000,
    ),
    probe([at(5, `tcp://127.0.0.1:${mutePort}`)], KEY, 300),
  ]);
  const reasons = failures
    .flat()
    .map(({ nodeRank, reason }) => [nodeRank, reason.replace(/^127\.0\.0\.1:\d+:? /, "")]);
  t.same(reasons, [
    [2, "connection refused"],
    [3, "is somebody else"],
    [4, "is somebody else"],
    [6, "is somebody else"],
    [5, "no answer within 0.3 s"],
  ]);
  for (const port of [first, stranger, mute, parrot]) port.close();
});

void test("a port that is probed hangs up on random bytes, and still answers", async (t) => {
  const port = await ProbePort.open("127.0.0.1", undefined, KEY, 0);
  const stranger = connect(parseTcpEndpoint(port.endpoint)).resume();
  const closed = new Promise((resolve) => stranger.on("error", () => undefined).on("close", resolve));
  stranger.write(randomBytes(100_000));
  await closed;
  t.same(await probe([at(0, port.endpoint)], KEY, 5000), []);
  port.close();
});

void test("ports that are probed are those that may be opened", async (t) => {
  const first = 47_100;
  const ports = await Promise.all(
    [0, 1, 2].map((own) => ProbePort.open("127.0.0.1", { first, last: first + 99 }, KEY, own)),
  );
  for (const { endpoint } of ports) t.match(endpoint, /:47[12]\d\d$/);
  t.equal(new Set(ports.map(({ endpoint }) => endpoint)).size, 3);
  for (const port of ports) port.close();
});

void test("few hosts probe all others; of many, both ends of a pair probe each other, and all are joined", async (t) => {
  t.same(neighborsOf(0, 1), []);
  t.same(neighborsOf(1, 3), [0, 2]);
  t.equal(neighborsOf(7, 16).length, 15);
  for (const count of [17, 64, 100, 1000]) {
    const neighbors = Array.from({ length: count }, (_, own) => neighborsOf(own, count));
    t.ok(
      neighbors.every((others, own) => others.every((other) => neighbors[other].includes(own))),
      `${count} hosts: both ways`,
    );
    t.ok(
      neighbors.every((others, own) => others.length <= 2 * Math.log2(count) && !others.includes(own)),
      `${count} hosts: few`,
    );
    const seen = new Set([0]);
    for (const own of seen) for (const other of neighbors[own]) seen.add(other);
    t.equal(seen.size, count, `${count} hosts: joined`);
  }
});
