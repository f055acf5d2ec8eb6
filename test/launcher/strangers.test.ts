import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import * as zmq from "zeromq";
import { encode } from "../../src/comm/wire/control.js";
import { Hub, Link } from "../../launcher/link.js";
import { listening } from "./listening.js";
import { PLAYED_SSH, program, tsmpirun } from "./tsmpirun.js";

const limits = { timeout: 150_000 };
const linux = process.platform === "linux" ? false : "finds ports in /proc";

/** Sends bytes to a port, or as many as it takes. */
async function sendBytes(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connect(port, "127.0.0.1").resume();
  await new Promise<void>((resolve) => {
    socket.on("error", () => resolve()).end(bytes, resolve);
  });
}

/** Tries to connect with ZeroMQ and to send; returns when the other side has refused. */
async function knock(port: number, options: zmq.SocketOptions<zmq.Dealer>): Promise<void> {
  const dealer = new zmq.Dealer({ ...options, handshakeInterval: 1000, reconnectInterval: -1, linger: 0 });
  const over = (async () => {
    for await (const { type } of dealer.events)
      if (/^(handshake:error|disconnect|close)/.test(type)) return dealer.close();
  })();
  dealer.connect(`tcp://127.0.0.1:${port}`);
  void dealer.send(encode({ kind: "agent-failed", code: 1, text: "a stranger" })).catch(() => undefined);
  await over;
}

/** The first bytes of a ZeroMQ connection that wants CURVE, and then nonsense. */
const greeting = Buffer.concat([
  Buffer.from("ff00000000000000017f0301", "hex"),
  Buffer.from("CURVE".padEnd(20, "\0")),
  Buffer.alloc(32),
]);

async function everyStranger(port: number): Promise<void> {
  const keys = zmq.curveKeyPair();
  const other = zmq.curveKeyPair();
  await Promise.all([
    sendBytes(port, randomBytes(100_000)),
    sendBytes(port, Buffer.concat([greeting, randomBytes(100_000)])),
    knock(port, {}),
    knock(port, {
      curveServerKey: other.publicKey,
      curvePublicKey: keys.publicKey,
      curveSecretKey: keys.secretKey,
    }),
  ]);
}

for (const transport of ["tcp", "zmq"])
  void test(
    `${transport}: strangers on every port of a job are turned away and counted`,
    { ...limits, skip: linux },
    (t) => visited(t, transport),
  );

async function visited(t: Test, transport: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-strangers-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const marker = randomUUID();
  const end = join(folder, "end");
  let visits = Promise.resolve<readonly string[]>([]);
  const visit = async () => {
    const open = listening(marker);
    try {
      await Promise.all(open.map(({ port }) => everyStranger(port)));
    } finally {
      writeFileSync(end, "");
    }
    return open.map(({ command }) => command);
  };
  let begun = false;
  const outcome = await tsmpirun(
    ["--ssh", PLAYED_SSH, "--host", "n1:2,n2:1", "--transport", transport, program("until.ts"), end],
    {
      env: { SSH_LOG: join(folder, "log"), TSMPI_MARKER: marker },
      watch: (_, stdout) => {
        if (!begun && stdout.includes("running")) visits = visit();
        begun = true;
      },
    },
  );
  const visited = await visits;
  t.equal(
    visited.filter((command) => command.includes("launcher/cli.js")).length,
    1,
    "the launcher has a port",
  );
  t.equal(visited.filter((command) => command.includes("program.mjs")).length, 3, "every rank has one");
  t.equal(outcome.code, 0, outcome.stderr);
  t.equal(outcome.stdout, "running\nsum 3\n");
  t.match(outcome.stderr, /^tsmpirun: turned away \d+ connections of strangers$/m);
  // Ranks see of ZeroMQ's strangers only those that have got as far as showing a key.
  for (const rank of transport === "tcp" ? [0, 1, 2] : [])
    t.match(outcome.stderr, new RegExp(`rank ${rank} turned away \\d+ connections`));
  t.same(outcome.left, []);
}

void test("--ports: the launcher and every rank open no others", { ...limits, skip: linux }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-ports-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const taken = createServer().listen(FIRST_PORT + 1, "127.0.0.1"); // somebody else has one of them
  await once(taken, "listening");
  t.teardown(() => taken.close());
  for (const transport of ["tcp", "zmq"]) {
    const marker = randomUUID();
    const end = join(folder, transport);
    let ports: number[] = [];
    const hosts = ["--ssh", PLAYED_SSH, "--host", "n1:2,n2:1", "--transport", transport];
    const { code, stderr } = await tsmpirun(
      [...hosts, "--ports", `${FIRST_PORT}-${FIRST_PORT + 5}`, program("until.ts"), end],
      {
        env: { SSH_LOG: join(folder, "log"), TSMPI_MARKER: marker },
        watch(_, stdout) {
          if (ports.length > 0 || !stdout.includes("running")) return;
          ports = listening(marker).map(({ port }) => port);
          writeFileSync(end, "");
        },
      },
    );
    t.equal(code, 0, stderr);
    const others = [0, 2, 3, 4, 5].map((i) => FIRST_PORT + i);
    t.equal(ports.length, 4, "three ranks and the launcher");
    t.same(
      ports.filter((port) => !others.includes(port)),
      [],
    );
  }
});

/** Of a range that no system gives to whoever asks for any port; another one for each process that runs this file. */
const FIRST_PORT = 20_000 + 6 * (process.pid % 1500);

void test(
  "the launcher admits an invited agent, once; neither other keys nor another agent's name",
  limits,
  async (t) => {
    const hub = new Hub(10_000);
    t.teardown(() => hub.close());
    const endpoint = await hub.bindAddress("127.0.0.1");
    const port = Number(endpoint.split(":").at(-1));
    const [first, second] = [hub.invite(0), hub.invite(1)];
    const heard: string[] = [];
    hub.deliver(
      (nodeRank, message) => heard.push(`${nodeRank} ${message.kind}`),
      () => undefined,
    );
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const invited = { endpoint, heartbeatMs: 10_000, receive: () => undefined };
    const stranger = zmq.curveKeyPair();
    await knock(port, {
      curveServerKey: first.serverKey, // seen on the network, say
      curvePublicKey: stranger.publicKey,
      curveSecretKey: stranger.secretKey,
      routingId: first.name,
    });
    const lost = (reason: string) => t.fail(reason);
    const agents = [first, second].map((invitation) => new Link({ ...invited, invitation, lost }));
    for (const agent of agents) agent.send({ kind: "drained", nodeRank: 7 });
    await until(() => heard.length === 2);
    // A name that nobody was given says nothing to the launcher, whatever the keys.
    const renamed = new Link({ ...invited, invitation: { ...second, name: "1" }, lost: () => undefined });
    renamed.send({ kind: "drained", nodeRank: 1 });
    agents[0].send({ kind: "bye", code: 0 });
    await until(() => heard.length === 3 && hub.refused > 0);
    await new Promise((resolve) => setTimeout(resolve, 200)); // time for what must not come
    t.equal(hub.refused, 1);
    t.same(heard.sort(), ["0 bye", "0 drained", "1 drained"]);
    await Promise.all([...agents, renamed].map((agent) => agent.close()));
  },
);
