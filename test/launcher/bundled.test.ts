import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The command as users call it. */
function command(...args: readonly string[]) {
  const file = join(root, "dist/launcher/tsmpirun.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: "utf8" });
  return { status, lines: stdout.trim().split("\n").sort(), stderr };
}

void test("launcher and agents run from one module each, and find all that they need", async (t) => {
  const program = `import { readFileSync } from "node:fs";
import { world } from "tsmpi/auto";
const agent = readFileSync(\`/proc/\${process.ppid}/cmdline\`, "utf8").split("\\0")[1];
console.log(await world.allreduce(1), agent.split("/").slice(-3).join("/"));`;
  const { status, lines, stderr } = command(
    ...["--launcher", "fork", "--host", "a:2,b:1", "-n", "3", "--bind-to", "none", "-e", program],
  );
  t.same({ status, stderr }, { status: 0, stderr: "" });
  t.same(lines, Array(3).fill("3 dist/tsmpirun/agent.js"));
});

void test("help, settings and errors are those of the launcher", async (t) => {
  t.match(command("--version"), { status: 0, lines: [/^tsmpirun \d/] });
  t.match(command("--help", "binding").status, 0);
  t.match(command("info").lines.join("\n"), /timeout/);
  t.match(command("none.ts"), { status: 127, stderr: /cannot find/ });
});
