import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { env } from "../../src/env.js";

const LAUNCHER = fileURLToPath(new URL("../../launcher/cli.js", import.meta.url));
const SELF = fileURLToPath(import.meta.url);

if (env.size !== undefined || process.argv.includes("program")) await program();
else await tests();

/** Waits for a message that never comes, until it is told to end; then goes on for as long as it takes to finish. */
async function program(): Promise<void> {
  const { init } = await import("../../src/comm/world.js");
  const world = await init();
  const { rank, signal } = world;
  const waiting = world.recv({ source: rank, signal });
  const alive = setInterval(() => undefined, 1000); // a world of one that waits for itself ends
  console.log("ready");
  try {
    await waiting;
  } catch (error) {
    console.log(`rank ${rank}: ${String(error)}`);
  }
  clearInterval(alive);
  const sum = await world.allreduce(1);
  console.log(`rank ${rank}: ${sum} ranks have saved their work, aborted ${signal.aborted}`);
  if (process.argv.includes("stubborn")) for (;;) await new Promise((wake) => setTimeout(wake, 1000));
}

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** Runs a command, and sends a signal each time that all of its ranks have printed the next of some texts. */
async function interrupted(
  args: readonly string[],
  ranks: number,
  signals: readonly (readonly [text: string, name: NodeJS.Signals])[],
): Promise<Outcome> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const left = [...signals];
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      while (left.length > 0 && output.split(left[0][0]).length > ranks) child.kill(left.shift()?.[1]);
    });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, output })));
}

async function tests(): Promise<void> {
  const { test } = await import("tap");

  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(
      `world.signal ends waits at ${name}, and ranks finish what they do`,
      { timeout: 90_000 },
      async (t) => {
        const args = [LAUNCHER, "--timeout", "80", "-n", "3", SELF];
        const outcome = await interrupted(args, 3, [["ready", name]]);
        t.equal(outcome.code, code, outcome.output);
        for (const rank of [0, 1, 2]) {
          t.match(outcome.output, `rank ${rank}: MpiError: ${name}: this rank has been told to end`);
          t.match(outcome.output, `rank ${rank}: 3 ranks have saved their work, aborted true`);
        }
      },
    );
  }

  test("without tsmpirun, the second signal ends the program", { timeout: 90_000 }, async (t) => {
    const outcome = await interrupted([SELF, "program", "stubborn"], 1, [
      ["ready", "SIGINT"],
      ["saved", "SIGTERM"],
    ]);
    t.equal(outcome.signal, "SIGTERM", outcome.output);
    t.match(outcome.output, "rank 0: 1 ranks have saved their work, aborted true");
  });
}
