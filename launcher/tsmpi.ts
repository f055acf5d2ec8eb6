#!/usr/bin/env node
import { resolve } from "node:path";
import { LaunchError, UsageError } from "./errors.js";
import { placeVariables } from "./mpi-environment.js";
import { inlineCode } from "./programs.js";

/** A command of its own, as in `tsmpi bench`: gets the words after its name, resolves to the exit code. */
interface Subcommand {
  main(args: readonly string[]): Promise<number>;
}

/** Loaded when called for; scripts have an extension, so that no script is taken for one of these. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Subcommand>>> = {
  bench: () => import("../bench/main.js"),
  info: () => import("./info.js"),
};

const HELP = `
tsmpi script.ts [arguments of the script]

Runs a TypeScript or JavaScript program in this process. Started by the mpirun or srun of an MPI, the process is a
rank of that job; so is a task of srun without an MPI. Otherwise it is a world of one rank. To start ranks where
there is neither, see tsmpirun --help.

  mpirun -n 4 npx tsmpi script.ts          four ranks on Open MPI or MPICH
  srun --mpi=pmix -n 4 npx tsmpi script.ts
  srun -n 4 npx tsmpi script.ts            four ranks without an MPI
  mpirun -n 4 npx tsmpi -e 'code'          code instead of a script
  tsmpi bench --help                       how fast, and against whom
  tsmpi info                               what there is on this machine: transports, MPI, BLAS, FFTW
  tsmpi --version
`;

/** The command `tsmpi`. Resolves to the exit code; to `undefined` if that is for the program to say. */
async function main([first, ...rest]: readonly string[]): Promise<number | undefined> {
  if (first === undefined) {
    throw new UsageError("no script given; write: mpirun -n 4 tsmpi script.ts (see tsmpi --help)");
  }
  if (first === "--help" || first === "-h") return print(HELP.trim());
  if (first === "--version" || first === "-V") {
    const { version } = await import("./version.js");
    return print(`tsmpi ${version}`);
  }
  if (Object.hasOwn(SUBCOMMANDS, first)) {
    const subcommand = await SUBCOMMANDS[first]();
    return subcommand.main(rest);
  }
  const isCode = first === "-e" || first === "--eval";
  if (isCode && rest.length === 0) throw new UsageError(`${first}: no code given`);
  const source = isCode ? inlineCode(rest[0]) : { script: resolve(first), code: undefined };
  const args = isCode ? rest.slice(1) : rest;
  if (first.startsWith("-") && !isCode)
    throw new UsageError(`unknown option ${first}; options of the program go after its name`);
  if (placeVariables(process.env).join() === "SLURM_PROCID") {
    const { readStep } = await import("./step.js");
    const step = readStep(process.env);
    const { runStep } = await import("./run-step.js");
    if (step !== undefined) return runStep(step, source, args);
  }
  const { runHere } = await import("./run-here.js");
  await runHere(source, args);
  return undefined;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(error: LaunchError): number {
  process.stderr.write(`tsmpi: ${error.message}\n`);
  return error.exitCode;
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof LaunchError) return complain(error);
  throw error; // the program's own
});
if (code !== undefined) process.exitCode = code;
