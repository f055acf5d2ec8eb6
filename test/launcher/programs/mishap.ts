// One rank misbehaves as told, the others wait in a barrier: mishap.ts WHAT [RANK | all] …
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { init } from "tsmpi";

const [what = "none", who = "1", ...rest] = process.argv.slice(2);

if (what === "absent" && process.env["TSMPI_RANK"] === who) process.exit(0);
if (what === "absent-error" && process.env["TSMPI_RANK"] === who) throw new Error("before init");

const world = await init();
await world.barrier();
if (who === "all" || world.rank === Number(who)) await misbehave();
await world.barrier();

async function misbehave(): Promise<void> {
  switch (what) {
    case "exit":
      return process.exit(Number(rest[0]));
    case "exit-10-plus-rank":
      return process.exit(10 + world.rank);
    case "abort":
      return world.abort(Number(rest[0]), "the residual grew");
    case "throw":
      return solve({});
    case "throw-later":
      return void setTimeout(() => solve({}), 20);
    case "reject":
      return void Promise.reject(new RangeError(`damping of rank ${world.rank} is negative`));
    case "throw-string":
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw "no error object";
    case "signal":
      process.kill(process.pid, rest[0]);
      return forever();
    case "hang":
      return forever();
    case "spin":
      for (;;);
    case "print-then-exit":
      console.log("x".repeat(3_000_000));
      return process.exit(4);
    case "child": {
      spawn("sleep", ["600"], { stdio: "inherit" });
      return process.exit(5);
    }
    case "trap":
      process.on("SIGINT", () => console.log(`rank ${world.rank} got SIGINT`));
      process.on("SIGTERM", () => console.log(`rank ${world.rank} got SIGTERM`));
      console.log("ready");
      return forever();
    case "ready":
      if (rest[0] === "child") spawn("sleep", ["600"], { stdio: "inherit" });
      console.log("ready");
      if (rest[0] === "spin") {
        writeFileSync(1, "");
        for (;;);
      }
      return forever();
    case "code-after-the-end":
      process.on("exit", () => (process.exitCode = Number(rest[0])));
  }
}

function solve(options: object): void {
  const { model }: { model?: Float64Array } = options;
  // @ts-expect-error The mistake that this program is about.
  console.log(model.length);
}

function forever(): Promise<never> {
  setInterval(() => undefined, 1000);
  return new Promise(() => undefined);
}
