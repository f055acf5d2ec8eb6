import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { exitCodes, LaunchError, UsageError } from "./errors.js";
import { findScript } from "./find-script.js";
import { exportedEnvironment, namedBy } from "./exports.js";
import { completeTold, type Options } from "./options.js";
import { planJob } from "./plan.js";
import { root } from "./version.js";

/** A launcher of an MPI, and how it spells what tsmpirun's options mean. */
export interface Dialect {
  readonly name: "Open MPI" | "MPICH";
  /** What its --version says. */
  readonly version: RegExp;
  readonly fixed: (options: Options) => readonly string[];
  readonly hosts: string;
  readonly directory: string;
  readonly tag: string;
  readonly variable: (name: string, value: string) => readonly string[];
}

export const DIALECTS: readonly Dialect[] = [
  {
    name: "Open MPI",
    version: /Open MPI|OpenRTE|PRRTE/,
    fixed: ({ oversubscribe }) => [
      ...(oversubscribe === false ? [] : ["--oversubscribe"]),
      ...(process.getuid?.() === 0 ? ["--allow-run-as-root"] : []), // as tsmpirun does itself
    ],
    hosts: "--host",
    directory: "--wdir",
    tag: "--tag-output",
    variable: (name, value) => ["-x", `${name}=${value}`],
  },
  {
    name: "MPICH",
    version: /HYDRA/,
    fixed: () => [],
    hosts: "-hosts",
    directory: "-wdir",
    tag: "-prepend-rank",
    variable: (name, value) => ["-env", name, value],
  },
];

/** In the order in which they are looked for. */
const COMMANDS = ["mpirun", "mpiexec", "mpirun.openmpi", "mpirun.mpich"];
const TSMPI = join(root, "dist/launcher/tsmpi.js");

/**
 * `tsmpirun --engine mpi`: has the mpirun of a real MPI start the ranks, each as `tsmpi script`.
 *
 * @returns The exit code, that of mpirun; 124 after --timeout.
 * @throws {LaunchError} If no mpirun is there, or one that is neither Open MPI's nor MPICH's.
 */
export async function runOnMpi(asked: Options): Promise<number> {
  const options = { ...asked, told: await completeTold(asked.told) };
  for (const { script, code, foreign } of options.programs) {
    if (!foreign && code === undefined) await findScript(script);
  }
  if (options.transport !== "auto")
    throw new UsageError(`--transport ${options.transport} is tsmpi's own; leave it out with --engine mpi`);
  if (options.preload.length > 0)
    throw new UsageError("--preload is tsmpi's own; with --engine mpi use a disk that all hosts share");
  const environment = exportedEnvironment([], process.env);
  const { command, dialect, version } = findMpirun(options.mpirun);
  const words = await mpirunWords(options, dialect, environment);
  if (options.verbosity === "verbose")
    process.stderr.write(`tsmpirun: ${version}: ${command} ${words.join(" ")}\n`);
  return supervise(command, words, options.ending, environment);
}

/** The arguments of mpirun: what is the job's, then each program with what is its own, separated by colons. */
async function mpirunWords(
  options: Options,
  dialect: Dialect,
  environment: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { hosts, hostfile, output } = options;
  const declared = hosts.length > 0 || hostfile !== undefined;
  const { mapping, remotes } = await planJob(options);
  remotes.release();
  const places = mapping.placements.map(({ host, ranks }) => `${host.name}:${ranks.length}`);
  const programs = options.programs.map(
    ({ script, code, foreign, flags, args, count = mapping.size, exports, directory }, appnum) => {
      const exported = [
        ...exports.flatMap((item) => Object.entries(namedBy(item, environment))),
        ...Object.entries(options.told),
        ["TSMPI_APPNUM", `${appnum}`] as const,
      ];
      return [
        ...["-n", String(count), dialect.directory, directory],
        ...exported.flatMap(([name, value]) => dialect.variable(name, value)),
        ...(foreign
          ? [script, ...args]
          : [process.execPath, ...flags, TSMPI, ...(code === undefined ? [script] : ["-e", code]), ...args]),
      ];
    },
  );
  return [
    ...dialect.fixed(options),
    ...(declared ? [dialect.hosts, places.join(",")] : []),
    ...(output.tag === "" ? [] : [dialect.tag]),
    ...programs.flatMap((words, i) => (i === 0 ? words : [":", ...words])),
  ];
}

function findMpirun(named: string | undefined): { command: string; dialect: Dialect; version: string } {
  const said: string[] = [];
  for (const command of named === undefined ? COMMANDS : [named]) {
    const { stdout, error } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (error !== undefined) continue;
    const dialect = DIALECTS.find(({ version }) => version.test(stdout));
    const number = /\b\d+\.\d+\S*/.exec(stdout)?.[0] ?? "";
    if (dialect !== undefined) return { command, dialect, version: `${dialect.name} ${number}` };
    said.push(command);
  }
  throw new LaunchError(
    said.length > 0
      ? `--engine mpi: ${said.join(", ")} is neither Open MPI's nor MPICH's; name another with --mpirun PATH`
      : `--engine mpi: found no ${named ?? COMMANDS.join(", ")}; install Open MPI or MPICH ` +
          "(apt install openmpi-bin libopenmpi-dev, or mpich), load its module, or name it with --mpirun PATH",
  );
}

/** Passes signals on to mpirun, and ends it after the time limit. */
async function supervise(
  command: string,
  words: readonly string[],
  { timeoutMs, killGraceMs }: Options["ending"],
  environment: Record<string, string>,
): Promise<number> {
  const child = spawn(command, words, { stdio: "inherit", env: environment });
  const timers: NodeJS.Timeout[] = [];
  let timedOut = false;
  if (timeoutMs !== undefined) {
    const end = (): void => {
      timedOut = true;
      process.stderr.write(
        `tsmpirun: the job still ran at the --timeout of ${timeoutMs / 1000} s; job aborted, exit code ${exitCodes.timeout}\n`,
      );
      child.kill("SIGTERM");
      timers.push(setTimeout(() => child.kill("SIGKILL"), killGraceMs));
    };
    timers.push(setTimeout(end, timeoutMs));
  }
  const signals = (["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"] as const).map((name) => {
    const forward = (): void => void child.kill(name);
    process.on(name, forward);
    return () => process.off(name, forward);
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        if (timedOut) resolve(exitCodes.timeout);
        else resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
      });
    });
  } finally {
    timers.forEach(clearTimeout);
    for (const remove of signals) remove();
  }
}
