import { readFileSync, readlinkSync } from "node:fs";
import { requireNative } from "../../../native.js";

/**
 * Finds the descriptor over which MPICH's and Slurm's launchers talk to a rank. Node.js passes none on to what it
 * starts, and `npx` is Node.js: then an ancestor still has it, and this process takes a copy of that. Local.
 *
 * @param fd - Its number, as the launcher says in PMI_FD.
 * @returns Its number in this process.
 * @throws {Error} If neither this process nor an ancestor has it, or the system does not let it be copied.
 */
export function adoptDescriptor(fd: number): number {
  if (process.platform !== "linux" || isSocket(`/proc/self/fd/${fd}`)) return fd;
  for (let pid = parentOf(process.pid); pid !== undefined && pid > 1; pid = parentOf(pid)) {
    const copied = isSocket(`/proc/${pid}/fd/${fd}`) ? copy(pid, fd) : undefined;
    if (copied !== undefined) return copied;
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

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** @see pidfd_getfd(2); both system calls have these numbers on every architecture. */
function copy(pid: number, fd: number): number | undefined {
  const { load } = requireNative<typeof import("koffi")>("koffi");
  const libc = load(null);
  const syscall = libc.func("long syscall(long number, int a, int b, int c)") as (
    ...numbers: readonly number[]
  ) => number;
  const close = libc.func("int close(int fd)") as (fd: number) => number;
  const process = syscall(PIDFD_OPEN, pid, 0, 0);
  if (process < 0) return undefined;
  const copied = syscall(PIDFD_GETFD, process, fd, 0);
  close(process);
  return copied < 0 ? undefined : copied;
}

const PIDFD_OPEN = 434;
const PIDFD_GETFD = 438;
