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
  const folder = `/proc/${pid}/fd`;
  const descriptors = orNothing(() => readdirSync(folder)) ?? []; // it has ended
  const links = descriptors.map((fd) => orNothing(() => readlinkSync(`${folder}/${fd}`)) ?? ""); // it is closed
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

function read(path: string): string {
  return orNothing(() => readFileSync(path, "utf8")) ?? "";
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
