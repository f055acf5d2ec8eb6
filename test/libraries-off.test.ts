import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "tap";

/** Those of the quick tests whose operators multiply matrices or transform; test/kernels itself runs both ways. */
const FILES = ["ops/matrix-products", "ops/fft", "ops/convolve-methods"];

for (const file of FILES)
  test(`${file} passes without BLAS and FFTW too`, { timeout: 240_000 }, async (t) => {
    const { code, output } = await run(fileURLToPath(new URL(`./${file}.test.js`, import.meta.url)));
    t.equal(code, 0, "exit code", { output: output.split("\n").filter((line) => line.includes("not ok")) });
    t.match(output, /^# \{ total: \d+, pass: \d+|^1\.\.\d+$/m, "it has run to its end");
  });

async function run(file: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ["--enable-source-maps", file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TSMPI_BLAS: "0", TSMPI_FFTW: "0" },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}
