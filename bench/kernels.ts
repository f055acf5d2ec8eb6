/**
 * Kernels against NumPy and SciPy, and memory-bound ones against loops in C, in the same run:
 *
 *     node dist/bench/kernels.js [REGEX, of names with their sizes; default all]
 *
 * such as `'^(dot|norm) 16500000'`. A row takes a few seconds, nearly all of it the peers' preparation.
 *
 * All sides take turns, so that whatever slows the machine down slows all of them; times are the best of their turns,
 * ratios the median over the turns of the other side's time over ours: above 1, ours is faster.
 */
import { median } from "./measure.js";
import { kernelCases, type KernelCase } from "./kernels-cases.js";
import { startC, startNumpy } from "./kernels-peers.js";
import { blas, fftw, useLibraries } from "../src/kernels/index.js";

const TURNS = 5;
const TURN_MS = 60;

const peers = [startNumpy(), startC()].filter((peer) => peer !== undefined);
const libraries = { blas: blas() !== undefined, fftw: fftw("float64") !== undefined };
const pattern = new RegExp(process.argv[2] ?? "");
const wanted = kernelCases.filter(({ name, size }) => pattern.test(`${name} ${size}`));
if (wanted.length === 0) {
  console.error(`no kernel matches ${String(pattern)}; there are ${[...new Set(kernelCases.map(({ name }) => name))].join(", ")}`); // prettier-ignore
  for (const peer of peers) peer.stop();
  process.exit(2);
}

console.log(`${peers.map(({ name }) => name).join("; ")}; BLAS: ${blas()?.version ?? "none"}; FFTW: ${fftw("float64")?.version ?? "none"}`); // prettier-ignore
console.log(
  row(
    "",
    "size",
    "own",
    "",
    ...peers.map(({ name }) => `× ${name.split(" ")[0]}`),
    "by library",
    "",
    "× NumPy",
  ),
);
for (const kernel of wanted) await measure(kernel);
for (const peer of peers) peer.stop();

async function measure(kernel: KernelCase): Promise<void> {
  const { name, size, work, unit, library = false } = kernel;
  const { call, release } = kernel.prepare();
  const own: number[] = [];
  const byLibrary: number[] = [];
  const theirs = peers.map((): (number | undefined)[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    useLibraries({ blas: false, fftw: false });
    own.push(best(call));
    useLibraries(libraries);
    if (library) byLibrary.push(best(call));
    for (const [i, peer] of peers.entries()) theirs[i].push(await peer.best(name, size, TURN_MS));
  }
  release();
  const cells = [`${size}`, time(own), rate(own, work, unit)];
  for (const times of theirs) cells.push(ratio(times, own));
  if (library) cells.push(time(byLibrary), rate(byLibrary, work, unit), ratio(theirs[0] ?? [], byLibrary));
  console.log(row(name, ...cells));
}

/** The best of as many calls as fit into a turn, at least three; in seconds. */
function best(call: () => void): number {
  let least = Infinity;
  const end = performance.now() + TURN_MS;
  for (let k = 0; k < 3 || performance.now() < end; k++) {
    const started = performance.now();
    call();
    least = Math.min(least, performance.now() - started);
  }
  return least / 1000;
}

function time(seconds: readonly number[]): string {
  const least = Math.min(...seconds);
  return least < 1e-3 ? `${(least * 1e6).toFixed(2)} µs` : `${(least * 1e3).toFixed(2)} ms`;
}

function rate(seconds: readonly number[], work: number, unit: string): string {
  return `${(work / Math.min(...seconds) / 1e9).toFixed(1)} ${unit}`;
}

function ratio(theirs: readonly (number | undefined)[], own: readonly number[]): string {
  const ratios = theirs.flatMap((seconds, turn) => (seconds === undefined ? [] : [seconds / own[turn]]));
  return ratios.length > 0 ? median(ratios).toFixed(2) : "–";
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(22) + cells.map((cell) => cell.padStart(13)).join("");
}
