/** Most numbers that a list of CPUs may name; no host has more. */
const MAX_CPUS = 65_536;

/**
 * Reads a list of CPUs as Linux writes it: `0-3,8,10-14:2` (every second one), with or without a line end. Local.
 *
 * @returns The numbers, ascending, each once; `undefined` if that is no such list.
 */
export function parseCpuList(text: string): number[] | undefined {
  const cpus = new Set<number>();
  for (const item of text.trim().split(",")) {
    if (item === "" && text.trim() === "") break;
    const [, first, last = first, step = "1"] = /^(\d{1,6})(?:-(\d{1,6}))?(?::(\d{1,6}))?$/.exec(item) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) >= MAX_CPUS) return undefined;
    for (let cpu = Number(first); cpu <= Number(last); cpu += Math.max(1, Number(step))) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
