import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "tap";

const TSMPI = fileURLToPath(new URL("../../launcher/tsmpi.js", import.meta.url));

function info(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const options = { encoding: "utf8", env: { ...process.env, ...environment }, timeout: 90_000 } as const;
  return spawnSync(process.execPath, [TSMPI, "info", ...args], options);
}

void test("tsmpi info says what there is, as text and as JSON", async (t) => {
  const { status, stdout } = info([]);
  t.equal(status, 0);
  for (const name of [
    "tsmpi",
    "node",
    "transport shm",
    "transport tcp",
    "WebAssembly",
    "BLAS",
    "FFTW, double",
  ])
    t.match(stdout, new RegExp(`^${name} +\\S`, "m"));
  const { transports, kernels } = JSON.parse(info(["--json"]).stdout) as {
    transports: Record<string, string | null>;
    kernels: { webassembly: { features: string[] }; libraries: { name: string; found: object | null }[] };
  };
  t.same([transports["shm"], transports["tcp"]], [null, null]);
  t.match(kernels.webassembly.features.slice(0, 2), ["simd", "threads"]);
  t.same(kernels.libraries.map(({ name }) => name), ["BLAS", "FFTW, double", "FFTW, single"]); // prettier-ignore
});

void test("libraries that are turned off are not used", async (t) => {
  const { stdout } = info([], { TSMPI_BLAS: "0", TSMPI_FFTW: "0" });
  t.match(stdout, /^BLAS +none; own kernels for matrix products/m);
  t.match(stdout, /^FFTW, double +none; own kernels/m);
});

void test("libraries that the user has named, and that are not what they should be, are errors", async (t) => {
  const environment = { TSMPI_BLAS: "libc.so.6", TSMPI_FFTW: "/no/such.so" };
  const { stdout } = info([], environment);
  t.match(
    stdout,
    /^BLAS +TSMPI_BLAS=libc\.so\.6: .*cblas_sgemm.*; name a library that this host has, or 0 for none$/m,
  );
  t.match(stdout, /^FFTW, double +TSMPI_FFTW=\/no\/such\.so: .*; name a library/m);
  const call = `import { blas } from "${new URL("../../src/kernels/libraries.js", import.meta.url).href}"; blas();`;
  const options = { encoding: "utf8", env: { ...process.env, ...environment }, timeout: 90_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", call], options);
  t.equal(status, 1);
  t.match(stderr, /Error: TSMPI_BLAS=libc\.so\.6: .*cblas_sgemm/);
});

void test("tsmpi info refuses what it does not know", async (t) => {
  const { status, stderr } = info(["--jsn"]);
  t.equal(status, 2);
  t.match(stderr, /tsmpi: info --jsn: unknown; the only option is --json/);
});
