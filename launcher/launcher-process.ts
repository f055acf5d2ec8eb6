import { readFileSync } from "node:fs";
import { placeVariables } from "./mpi-environment.js";

/**
 * The process that has started this rank and its siblings on this host (mpirun, a proxy of it, slurmstepd): the nearest
 * ancestor that does not have this rank's place in its own environment. In between may be npx and a shell. Local.
 *
 * @returns A name that no other process of this host has or had since it was booted; `undefined` outside a job.
 */
export function launcherProcess(): string | undefined {
  const place = placeVariables(process.env).map((name) => `${name}=${process.env[name]}`);
  if (place.length === 0) return undefined;
  for (let pid = process.pid; pid > 1;) {
    const parent = statOf(pid)?.parent;
    if (parent === undefined) return undefined;
    const own = read(`/proc/${parent}/environ`)?.split("\0") ?? [];
    if (!place.every((variable) => own.includes(variable))) return `${parent}.${statOf(parent)?.started}`;
    pid = parent;
  }
  return undefined;
}

/** @see proc_pid_stat(5): the name of the command, in brackets, may hold anything. */
function statOf(pid: number): { readonly parent: number; readonly started: string } | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), started: fields[19] };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // no /proc, or another user's
  }
}
