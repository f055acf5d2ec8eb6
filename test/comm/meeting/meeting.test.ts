import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import { type Outcome, outcomeOf } from "../../mpirun.js";

const WHERE = fileURLToPath(new URL("../../launcher/programs/where.js", import.meta.url));
const LIMIT = { timeout: 60_000 };
const READY = /tcp \d+\n$/;

/** Starts one rank as plain node does. */
function start(
  rank: number,
  size: number,
  port: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
) {
  const place = { RANK: `${rank}`, WORLD_SIZE: `${size}`, MASTER_ADDR: "127.0.0.1", MASTER_PORT: `${port}` };
  return spawn(process.execPath, [WHERE, ...args], { env: { ...process.env, ...place, ...env } });
}

async function runAll(
  size: number,
  args: readonly string[] = [],
  env?: NodeJS.ProcessEnv,
): Promise<Outcome[]> {
  const port = await freePort();
  const ranks = Array.from({ length: size }, (_, rank) => start(rank, size, port, args, env));
  return Promise.all(ranks.map((child) => outcomeOf(child)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const place = server.address();
  server.close();
  await once(server, "close");
  return typeof place === "object" && place !== null ? place.port : 0;
}

/** A connection with whoever listens there, as soon as somebody does. */
async function reach(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([once(socket, "connect").then(() => true), failed(socket)]);
    if (isOpen) return socket;
    await pause(20);
  }
}

async function failed(socket: Socket): Promise<boolean> {
  await new Promise((resolve) => socket.once("error", resolve));
  return false;
}

function secretFile(t: Test, secret = randomBytes(32).toString("hex")): string {
  const file = join(t.testdir({ secret }), "secret");
  chmodSync(file, 0o600);
  return file;
}

void test("ranks started one by one meet, in clear on one host or by a secret", LIMIT, async (t) => {
  for (const env of [{}, { TSMPI_SECRET_FILE: secretFile(t) }]) {
    const [first, ...others] = await runAll(3, [], env);
    t.same(first, {
      code: 0,
      stdout: "0@HOST 0/3 0/1 tcp 6\n1@HOST 1/3 0/1 tcp 6\n2@HOST 2/3 0/1 tcp 6\n".replaceAll(
        "HOST",
        /@(\S+)/.exec(first.stdout)?.[1] ?? "",
      ),
      stderr: "",
    });
    for (const outcome of others) t.same(outcome, { code: 0, stdout: "", stderr: "" });
  }
});

void test("a rank that fails ends all, with one message", LIMIT, async (t) => {
  for (const rank of [0, 2]) {
    const outcomes = await runAll(3, ["fail", `${rank}`]);
    t.same(
      outcomes.map(({ code }) => code),
      [1, 1, 1],
    );
    t.match(outcomes[rank].stderr, new RegExp(`^tsmpi: rank ${rank} on .* failed; .*\n.*on purpose`));
    t.equal(
      outcomes
        .map(({ stderr }) => stderr)
        .join("")
        .match(/tsmpi:/g)?.length,
      1,
    );
  }
});

void test("a rank that is killed ends all, rank 0 too", LIMIT, async (t) => {
  for (const rank of [0, 1]) {
    const port = await freePort();
    const ranks = [0, 1, 2].map((other) => start(other, 3, port, ["fail", "9"]));
    let said = "";
    ranks[0].stdout.on("data", (text: Buffer) => {
      said += text.toString();
      if (READY.test(said) && said.split("\n").length === 4) ranks[rank].kill("SIGKILL");
    });
    const outcomes = await Promise.all(ranks.map((child) => outcomeOf(child)));
    const expected = rank === 0 ? [null, 125, 125] : [1, null, 1];
    t.same(
      outcomes.map(({ code }) => code),
      expected,
    );
    const message =
      rank === 0 ? /rank 1 has lost rank 0; this ends/ : /rank 1 has ended before the job had; this ends/;
    t.match(outcomes.map(({ stderr }) => stderr).join(""), message);
  }
});

void test(
  "who has not come is named, to those who have as well; a stranger's noise changes nothing",
  LIMIT,
  async (t) => {
    const port = await freePort();
    const server = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    const second = outcomeOf(start(2, 4, port, []));
    await once(server, "connection"); // it has started, and tries again
    server.close();
    await once(server, "close");
    const first = outcomeOf(start(0, 4, port, [], { TSMPI_START_TIMEOUT: "3" }));
    const stranger = await reach(port);
    stranger.on("error", () => undefined).resume();
    stranger.end(randomBytes(100_000));
    for (const { code, stderr } of await Promise.all([first, second])) {
      t.equal(code, 1);
      t.match(
        stderr,
        `init: ranks 1, 3 of 4 had not come to 127.0.0.1:${port} after 3 s; 1 connections without`,
      );
    }
    const alone = await outcomeOf(start(1, 2, port, [], { TSMPI_START_TIMEOUT: "0.5" }));
    t.match(
      alone.stderr,
      /init: rank 1 has met nobody at 127.0.0.1:\d+ within 0.5 s .*ECONNREFUSED.*rank 0 has not come/,
    );
  },
);

void test("another secret is refused, and the same rank twice", LIMIT, async (t) => {
  const port = await freePort();
  const env = { TSMPI_SECRET_FILE: secretFile(t) };
  const other = join(t.testdirName, "other");
  writeFileSync(other, randomBytes(32).toString("hex"), { mode: 0o600 });
  const first = outcomeOf(start(0, 3, port, [], env));
  const wrong = await outcomeOf(start(1, 3, port, [], { TSMPI_SECRET_FILE: other }));
  t.equal(wrong.code, 1);
  t.match(wrong.stderr, /who answers at 127.0.0.1:\d+ does not know this job's secret/);
  const twins = [start(1, 3, port, [], env), start(1, 3, port, [], env)].map((child) => outcomeOf(child));
  const twin = await Promise.race(twins);
  t.match(twin.stderr, /somebody else has come to 127.0.0.1:\d+ as rank 1; RANK differs/);
  await Promise.all([...twins, outcomeOf(start(2, 3, port, [], env))]);
  t.match(await first, { code: 0, stderr: "" });
});
