import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Processes of this cgroup that the kernel has killed for want of memory; 0 where that is not counted. */
export function oomKills(): number {
  try {
    const group = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    const events = readFileSync(join("/sys/fs/cgroup", group, "memory.events"), "utf8");
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
