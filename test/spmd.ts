import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { env } from "../src/env.js";
import { simulate } from "../src/comm/simulate.js";
import type { Communicator } from "../src/comm/types.js";
import { messageOf } from "../src/thrown.js";

/** Assertions inside a body come from node:assert, so that they also fail a real rank. */
export type Body = (comm: Communicator) => Promise<void> | void;

export interface SpmdOptions {
  /** Default 1, 2, 3, 4 and 7. */
  sizes?: readonly number[];
  /** False keeps the body on virtual ranks: for programs that fail on purpose or that count messages of a network. */
  real?: boolean;
}

const bodies: { title: string; body: Body }[] = [];
/** Of one test: many times what it takes, as the machine may be slow, and busy. */
const LIMIT_MS = 150_000;
const LAUNCHER = fileURLToPath(new URL("../launcher/cli.js", import.meta.url));
/**
 * Ranks, what carries their messages, and more options of tsmpirun; `hosts`: shared memory and TCP, on two hosts that
 * this one plays.
 */
type Run = readonly [size: number, transport: string, ...options: string[]];
const REAL_RUNS: readonly Run[] = [
  [3, "shm"],
  [2, "zmq"],
  [3, "hosts"],
];

/**
 * Tests a program of ranks: on virtual ranks, once per size with a delivery order of its own. When {@link realRanks}
 * ends the file, the same bodies run again as real processes.
 */
export async function spmd(
  title: string,
  body: Body,
  { sizes = [1, 2, 3, 4, 7], real = true }: SpmdOptions = {},
): Promise<void> {
  if (real) bodies.push({ title, body });
  if (env.size !== undefined) return;
  const { test } = await tap();
  await test(title, { timeout: LIMIT_MS }, async () => {
    for (const size of sizes) {
      try {
        await simulate(size, body, { seed: size });
      } catch (error) {
        throw new Error(`on ${size} ranks: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
  });
}

/**
 * The last statement of a test file: runs its bodies again as real processes, one job per transport. Inside such a job
 * (tsmpirun has started this very file) it runs them on the world. With TSMPI_TEST_REAL=0 it does nothing.
 *
 * @param file - `import.meta.url` of the test file.
 */
export async function realRanks(file: string, runs = REAL_RUNS): Promise<void> {
  if (env.size !== undefined) return runBodies();
  if (process.env["TSMPI_TEST_REAL"] === "0") return;
  const { test } = await tap();
  for (const [size, transport, ...options] of runs) {
    const title = `as ${size} real processes over ${[transport, ...options].join(" ")}`;
    await test(title, { timeout: LIMIT_MS }, async (t) => {
      const hosts = `a:${Math.ceil(size / 2)},b:${Math.floor(size / 2)}`;
      const how =
        transport === "hosts" ? ["--launcher", "fork", "--host", hosts] : ["--transport", transport];
      // A job that hangs ends before its test does, and says which ranks still run.
      const { code, output } = await launch([
        "--timeout",
        `${LIMIT_MS / 1000 - 10}`,
        "-n",
        String(size),
        ...how,
        ...options,
        fileURLToPath(file),
      ]);
      t.equal(code, 0, "exit code", { output: output.split("\n").slice(-40) });
      for (const { title } of bodies) t.ok(output.includes(`ok: ${title}\n`), title);
    });
  }
}

/** Runs tsmpirun to its end; both streams in one text. */
export async function launch(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

async function runBodies(): Promise<void> {
  const { init } = await import("../src/comm/world.js");
  const world = await init();
  for (const { title, body } of bodies.splice(0)) {
    try {
      const comm = await world.split(0); // one of its own, which shares memory as the world does
      if (comm !== undefined) await body(comm);
      comm?.free();
    } catch (error) {
      throw new Error(`rank ${world.rank}: ${title}`, { cause: error });
    }
    await world.barrier();
    if (world.rank === 0) console.log(`ok: ${title}`);
  }
}

/** Not a plain import: bodies that run as ranks must not load the test runner, and bundles must not contain it. */
async function tap(): Promise<typeof import("tap")> {
  const name: string = "tap";
  const module = (await import(name)) as typeof import("tap");
  return module;
}
