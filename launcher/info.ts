import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";
import { env } from "../src/env.js";
import { candidates, howToInstall } from "../src/comm/transports/mpi/find.js";
import { describeKernels, type KernelInfo } from "../src/kernels/describe.js";
import { requireNative } from "../src/native.js";
import { UsageError } from "./errors.js";
import { version } from "./version.js";
import { messageOf } from "../src/thrown.js";

type Koffi = typeof import("koffi");

/** What this machine gives tsmpi to work with. */
interface Info {
  readonly tsmpi: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Why a transport cannot be used; null where it can. */
  readonly transports: Readonly<Record<string, string | null>>;
  /** Libraries of MPI that can be loaded. */
  readonly mpi: readonly { readonly path: string; readonly version: string }[];
  readonly kernels: KernelInfo;
}

const HELP = `
tsmpi info [--json]

What there is on this machine: versions, transports, libraries of MPI, and which kernels the libraries BLAS and FFTW
do. TSMPI_BLAS and TSMPI_FFTW name other libraries, or turn them off with 0.
`;

/** The command `tsmpi info`; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((word) => !["--json", "--help", "-h"].includes(word));
  if (unknown !== undefined) throw new UsageError(`info ${unknown}: unknown; the only option is --json`);
  if (args.includes("--help") || args.includes("-h")) console.log(HELP.trim());
  else console.log(args.includes("--json") ? JSON.stringify(collect(), null, 2) : show(collect()));
  return 0;
}

function collect(): Info {
  const mpi = mpiLibraries();
  const koffi = missing("koffi");
  return {
    tsmpi: version,
    node: process.version,
    system: `${type()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    transports: {
      shm: koffi,
      tcp: koffi,
      zmq: missing("zeromq"),
      mpi: mpi.length > 0 ? null : (koffi ?? `found no library; ${howToInstall()}`),
    },
    mpi,
    kernels: describeKernels(),
  };
}

function missing(name: "koffi" | "zeromq"): string | null {
  try {
    requireNative(name);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Asks every library that can be loaded for its name; none is initialized. */
function mpiLibraries(): Info["mpi"] {
  if (missing("koffi") !== null) return [];
  const koffi = requireNative<Koffi>("koffi");
  return candidates(env.mpi).flatMap((path) => {
    try {
      const ask = koffi.load(path).func("MPI_Get_library_version", "int", ["void *", "void *"]);
      const [text, length] = [Buffer.alloc(TEXT_BYTES), new Int32Array(1)];
      ask(text, length);
      const [line] = text
        .toString("utf8", 0, length[0])
        .replace(/\0/g, "")
        .split(/\n|, package/);
      return [{ path, version: line.replace(/\s+/g, " ").trim() }];
    } catch {
      return []; // not installed
    }
  });
}

const TEXT_BYTES = 8192; // MPI_MAX_LIBRARY_VERSION_STRING of MPICH, the longer one

function show({ kernels, mpi, ...info }: Info): string {
  const { webassembly, libraries } = kernels;
  const lines: [string, string][] = [
    ["tsmpi", info.tsmpi],
    ["node", info.node],
    ["system", info.system],
    ["processor", `${info.processor}, ${info.cores} cores, ${(info.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ...Object.entries(info.transports).map(([name, why]): [string, string] => [
      `transport ${name}`,
      why ?? "yes",
    ]),
    ...mpi.map(({ path, version }): [string, string] => ["MPI", `${version} (${path})`]),
    [
      "WebAssembly",
      `${webassembly.features.join(", ")}; heap of at most ${webassembly.heapBytes / 2 ** 20} MiB`,
    ],
    ...libraries.map(({ name, found, problem, kernels }): [string, string] => [
      name,
      found === null
        ? (problem ?? `none; own kernels for ${kernels}`)
        : `${found.version} (${found.path}) for ${kernels}`,
    ]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, text]) => name.padEnd(width) + text).join("\n");
}
