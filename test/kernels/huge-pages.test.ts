import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "tap";

const skip = !existsSync("/sys/kernel/mm/transparent_hugepage") && "needs a Linux that has huge pages";
const INDEX = new URL("../../src/kernels/index.js", import.meta.url).href;

/** Whether a process whose heap takes so many bytes has asked for huge pages: its memory then has the flag `hg`. */
function asks(bytes: number, environment: NodeJS.ProcessEnv = {}): boolean {
  const program = `
    import { readFileSync } from "node:fs";
    import { allocate } from ${JSON.stringify(INDEX)};
    allocate("float64", ${bytes / 8}).fill(1);
    console.log(/^VmFlags:.* hg/m.test(readFileSync("/proc/self/smaps", "utf8")));`;
  const options = { encoding: "utf8", env: { ...process.env, ...environment }, timeout: 90_000 } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], options);
  if (!/^(true|false)\n$/.test(stdout)) throw new Error(stderr);
  return stdout === "true\n";
}

void test(
  "a large heap asks for huge pages, a small one does not, nor does one that must not",
  { skip },
  async (t) => {
    t.equal(asks(2 ** 20), false);
    t.equal(asks(2 ** 27), true);
    t.equal(asks(2 ** 27, { TSMPI_HUGE_PAGES: "0" }), false);
  },
);
