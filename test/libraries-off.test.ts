import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "tap";

/**
 * Those of the quick tests whose operators multiply matrices or transform, on virtual ranks; with libraries they run by
 * themselves. test/kernels runs both ways itself. `npm run test:plain` runs all tests of kernels, arrays and operators this way.
 */
const FILES = [
  "ops/matrix-products",
  "ops/fft",
  "ops/convolve-methods",
  "ops/local-operators",
  "solvers/lapdiag",
];

for (const file of FILES)
  test(`${file} passes without BLAS and FFTW too`, { timeout: 600_000 }, async (t) => {
    const { code, output } = await run(fileURLToPath(new URL(`./${file}.test.js`, import.meta.url)));
    t.equal(code, 0, "exit code", { output: output.split("\n").filter((line) => line.includes("not ok")) });
    t.match(output, /^# \{ total: (\d+), pass: \1 \}$/m, "all of it has run");
  });

async function run(file: string): Promise<{ code: number | null; output: string }> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("TAP")); // a test by itself, with a summary
  const child = spawn(process.execPath, ["--enable-source-maps", file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...Object.fromEntries(own), TSMPI_BLAS: "0", TSMPI_FFTW: "0", TSMPI_TEST_REAL: "0" },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}
