/**
 * Dipping events in few numbers: wavelets that follow their slopes need fewer than those that go straight across, of
 * whichever family. Traces are spread over the ranks.
 *
 *     npx tsmpirun -n 4 examples/gallery/seislets.ts
 */
import { DistributedArray, Distribution, DWT, init, LocalArray, Seislet } from "tsmpi";
import { check, show } from "./show.js";

const world = await init();
const dims = [64, 96]; // traces, times
const space = new Distribution(world, dims);
const slope = (t: number) => 0.9 - t / 80; // samples a trace
const events = DistributedArray.fromFunction(space, (x, t) => {
  let sum = 0;
  for (const start of [8, 30, 52, 85]) {
    let time = start;
    for (let k = 0; k < x; k++) time += slope(time);
    const a = ((t - time) / 3) ** 2;
    sum += (1 - 2 * a) * Math.exp(-a);
  }
  return sum;
});

const S = new Seislet(
  space,
  LocalArray.fromFunction(dims, (_, t) => slope(t)),
  { kind: "linear", level: 5 },
);
const seislets = await S.matvec(events);
const back = (await S.inverse.matvec(seislets)).axpy(-1, events);
check("the inverse is exact", (await back.norm()) < 1e-10 * (await events.norm()));

/** How many of the largest coefficients have all but a thousandth of the energy. */
async function needed(coefficients: DistributedArray): Promise<number> {
  const { local } = await coefficients.asarray();
  const energies = Array.from(local, (c) => c * c).sort((a, b) => b - a);
  const total = energies.reduce((sum, energy) => sum + energy, 0);
  let rest = total;
  return energies.findIndex((energy) => (rest -= energy) < 1e-3 * total) + 1;
}

const counts = new Map([["seislets", await needed(seislets)]]);
for (const wavelet of ["haar", "db4", "sym6", "coif2", "bior4.4"])
  counts.set(wavelet, await needed(await new DWT(space, { axis: 0, wavelet, level: 5 }).matvec(events)));
const [fewest, ...others] = counts.values();
check("along the slopes fewer are needed", others.every((count) => count > 2 * fewest)); // prettier-ignore
if (world.rank === 0) console.log([...counts].map(([name, count]) => `${name} ${count}`).join(", "));

await show("Seislets", [
  { "Traces over time": events, "Seislet coefficients": seislets },
  {
    "Wavelets, bior4.4": await new DWT(space, { axis: 0, wavelet: "bior4.4", level: 5 }).matvec(events),
    "Wavelets, haar": await new DWT(space, { axis: 0, wavelet: "haar", level: 5 }).matvec(events),
  },
]);
