import { spawn } from "node:child_process";

/** Cleans up after this process, however that ends. */
export interface Janitor {
  /** Leaders of process groups that are to end with it; replaces those named before. */
  readonly watch: (groups: readonly number[]) => void;
}

/**
 * Starts a shell that waits for the end of this process, and then ends process groups and removes a folder, and the
 * folder around it if that is empty. A process that is killed can do neither itself. Local.
 */
export function startJanitor(folder: string): Janitor {
  const child = spawn("sh", ["-c", SCRIPT, "tsmpi-janitor", folder], {
    cwd: "/",
    detached: true, // what ends this process by its group does not end the janitor
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => undefined); // no sh: then what is left of a job is swept by a later one
  child.stdin.on("error", () => undefined);
  child.unref();
  return { watch: (groups) => void child.stdin.write(`${groups.join(" ")}\n`) };
}

const SCRIPT = `
while read -r line; do groups=$line; done
for group in $groups; do kill -9 -- -"$group" || kill -9 "$group"; done
rm -rf -- "$1"; rmdir -- "\${1%/*}"`;
