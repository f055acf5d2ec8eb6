import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ProgramStart, Start, UserFile } from "../src/comm/wire/messages.js";
import { PROGRAM } from "./start-agent.js";
import { hasCode } from "../src/thrown.js";

/** The programs of a job as they lie on this host. */
export interface Installed {
  /** Of each program: its bundle, `undefined` if it is no script; and where it runs. */
  readonly programs: readonly { readonly file: string | undefined; readonly directory: string }[];
  /** The folder of the files that the user has sent along, if there are any. */
  readonly files: string | undefined;
}

/**
 * Writes programs and files of a job to the folder that it has on this host. Local.
 *
 * @param anywhere - Where there is no such working directory, programs run among those files, or in the user's home.
 * @throws {Error} If there is none, or no space.
 */
export function installPrograms(
  { programs, files, host }: Pick<Start, "programs" | "files" | "host">,
  folder: string,
  anywhere: boolean,
): Installed {
  const own = keep(files, folder);
  const directories = programs.map((program) => directoryOf(program, host, own, anywhere));
  return {
    programs: programs.map((program, i) => ({
      file: storeProgram(program, join(folder, `${i}`)),
      directory: directories[i],
    })),
    files: own,
  };
}

function storeProgram({ code, sourceMap }: ProgramStart, folder: string): string | undefined {
  if (code.length === 0) return undefined;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, PROGRAM);
  store(file, code);
  store(`${file}.map`, sourceMap);
  return file;
}

/** Puts the user's files into a folder of their own; `undefined` if there are none. */
function keep(files: readonly UserFile[], within: string): string | undefined {
  if (files.length === 0) return undefined;
  const folder = join(within, "files");
  mkdirSync(folder);
  for (const { name, bytes } of files) store(join(folder, name), bytes);
  return folder;
}

function directoryOf({ directory }: ProgramStart, host: string, own = homedir(), anywhere: boolean): string {
  if (existsSync(directory)) return directory;
  if (!anywhere)
    throw new Error(
      `no folder ${directory} there; use --wdir with one that every host has, or --wdir-fallback`,
    );
  process.stderr.write(`tsmpirun: ${host} has no folder ${directory}; its ranks run in ${own}\n`);
  return own;
}

function store(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (cause) {
    const reason = hasCode(cause, "ENOSPC") ? "no space left on that disk" : String(cause);
    throw new Error(`${path}: ${reason}; choose another folder by XDG_RUNTIME_DIR`, { cause });
  }
}
