import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Ports on which processes with a marker in their environment listen, with what they run. Linux. */
export function listening(marker: string): { readonly port: number; readonly command: string }[] {
  const ports = new Map<string, number>();
  for (const line of ["tcp", "tcp6"].flatMap((file) => read(`/proc/net/${file}`).split("\n").slice(1))) {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === LISTEN) ports.set(inode, parseInt(local.split(":")[1], 16));
  }
  const own = readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/environ`).includes(marker),
  );
  return own.flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    return inodes(pid).flatMap((inode) => {
      const port = ports.get(inode);
      return port === undefined ? [] : [{ port, command }];
    });
  });
}

const LISTEN = "0A";

function inodes(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    );
  } catch {
    return []; // it has ended, or closed one meanwhile
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
