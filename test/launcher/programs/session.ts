/** Prints the process, its group and its session, and those of a child. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const own = ids(readFileSync("/proc/self/stat", "utf8"));
const child = ids(spawnSync("cat", ["/proc/self/stat"], { encoding: "utf8" }).stdout);
console.log(JSON.stringify({ pid: process.pid, ...own, childGroup: child.group }));

function ids(stat: string): { group: number; session: number } {
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { group: Number(group), session: Number(session) };
}
