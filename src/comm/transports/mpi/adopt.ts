import { fstatSync, readFileSync, readlinkSync } from "node:fs";
import { requireNative } from "../../../native.js";

/**
 * Makes sure that this process has the descriptor over which MPICH's and Slurm's launchers talk to a rank. Node.js
 * passes none on to what it starts, and `npx` is Node.js: then an ancestor still has it, and this process takes a copy
 * of that. Local.
 *
 * @throws {Error} If neither this process nor an ancestor has it, or the system does not let it be copied.
 */
export function adoptDescriptor(fd: number): void {
  if (isSocket(`/proc/self/fd/${fd}`) || isOpen(fd)) return;
  for (let pid = parentOf(process.pid); pid !== undefined && pid > 1; pid = parentOf(pid)) {
    if (isSocket(`/proc/${pid}/fd/${fd}`) && copy(pid, fd)) return;
  }
  throw new Error(
    `mpi: descriptor ${fd} (PMI_FD), through which the launcher speaks to this rank, is closed: npx does not pass it on; ` +
      "write mpirun -n 4 node_modules/.bin/tsmpi script.ts instead of mpirun -n 4 npx tsmpi script.ts",
  );
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    return false; // none, no /proc, or another user's
  }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return process.platform !== "linux"; // on Linux some file of our own, which is no socket
  } catch {
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** @see pidfd_getfd(2); both system calls have these numbers on every architecture. */
function copy(pid: number, fd: number): boolean {
  const { load } = requireNative<typeof import("koffi")>("koffi");
  const libc = load(null);
  const syscall = libc.func("long syscall(long number, int a, int b, int c)") as (
    ...numbers: readonly number[]
  ) => number;
  const dup2 = libc.func("int dup2(int from, int to)") as (from: number, to: number) => number;
  const close = libc.func("int close(int fd)") as (fd: number) => number;
  const process = syscall(PIDFD_OPEN, pid, 0, 0);
  if (process < 0) return false;
  const copied = syscall(PIDFD_GETFD, process, fd, 0);
  close(process);
  if (copied < 0) return false;
  if (copied === fd) return true;
  const placed = dup2(copied, fd) === fd;
  close(copied);
  return placed;
}

const PIDFD_OPEN = 434;
const PIDFD_GETFD = 438;
