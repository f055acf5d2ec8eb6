/** Prints on which CPUs this rank may run. */
import { readFileSync } from "node:fs";
import { init } from "tsmpi";

const { rank } = await init();
const [, cpus] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
console.log(`${rank}: ${cpus}`);
