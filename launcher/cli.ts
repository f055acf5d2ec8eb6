#!/usr/bin/env node
import { exitCodes, LaunchError } from "./errors.js";
import { parseOptions } from "./options.js";

/** Scripts have an extension, so that no script is taken for one of these. */
const SUBCOMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  hosts: async (argv) => (await import("./inspect-hosts.js")).listHosts(argv),
  info: async (argv) => (await import("./list-settings.js")).listSettings(argv),
  tune: async (argv) => (await import("./tune.js")).tune(argv),
  doctor: async (argv) => (await import("./inspect-hosts.js")).diagnoseHosts(argv),
};

/** The command `tsmpirun`. */
async function main(): Promise<number> {
  const [first = "", ...rest] = process.argv.slice(2);
  if (Object.hasOwn(SUBCOMMANDS, first)) return SUBCOMMANDS[first](rest);
  const request = parseOptions(process.argv.slice(2));
  if ("help" in request) {
    const { help } = await import("./help.js");
    return print(help(request.help));
  }
  if ("version" in request) {
    const { version } = await import("./version.js");
    return print(`tsmpirun ${version}`);
  }
  if (request.engine === "mpi") {
    const { runOnMpi } = await import("./mpi-engine.js");
    return runOnMpi(request);
  }
  const { run } = await import("./run.js");
  return run(request);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(error: unknown): number {
  if (error instanceof LaunchError) {
    process.stderr.write(`tsmpirun: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`tsmpirun: ${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.launcher;
}

process.exitCode = await main().catch(complain);
