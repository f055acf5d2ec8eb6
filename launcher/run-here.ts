import { pathToFileURL } from "node:url";
import { findScript } from "./find-script.js";
import type { Source } from "./programs.js";
import { rankVariables, settle } from "./settings.js";
import { shareProgram } from "./share-program.js";
import { root } from "./version.js";

/**
 * Runs a program in this very process, which a real MPI may have started as one of its ranks: what it was handed for
 * joining the job, such as an open descriptor, stays valid. Local; resolves when the program's module has been run.
 *
 * @throws {LaunchError} If there is no such program, or if it does not compile; what the program throws.
 */
export async function runHere({ script, code }: Source, args: readonly string[]): Promise<void> {
  const path = code === undefined ? await findScript(script) : script;
  const program = await shareProgram({ script: path, code });
  process.on("exit", program.remove);
  process.argv = [process.argv[0], path, ...args];
  Object.assign(process.env, rankVariables(settle()), { TSMPI_ROOT: root });
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(program.path).href);
}
