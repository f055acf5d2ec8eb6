/**
 * A picture without its high frequencies: the Fourier transform, a diagonal, and the transform back, as one operator.
 *
 *     npx tsmpirun -n 4 examples/gallery/fourier.ts
 */
import { Diagonal, DistributedArray, Distribution, dottest, FFT2D, init } from "tsmpi";
import { check, section, show } from "./show.js";

const world = await init();
const space = new Distribution(world, [96, 128]);
const picture = DistributedArray.fromFunction(space, section, "complex128");

const F = new FFT2D(space, { fftshiftAfter: true }); // lines are made whole, and split again, by all-to-alls
const spectrum = await F.matvec(picture);
const low = spectrum.like("float64"); // 1 near frequency zero, which is in the middle
low.block.fillFrom(
  (y, x) => Math.exp(-(((y - 48) / 10) ** 2) - ((x - 64) / 10) ** 2),
  low.distribution.localStart,
);
const filter = F.H.compose(new Diagonal(low)).compose(F);
await dottest(filter);
const smooth = await filter.matvec(picture);

const [whole, part] = [await spectrum.norm(), await picture.norm()];
check("the transform is an isometry", Math.abs(whole - part) < 1e-10 * part);
const left = (await smooth.norm()) / part;
check("most of a picture is low frequencies", left > 0.8 && left < 1);
if (world.rank === 0) console.log(`${(100 * left ** 2).toFixed(1)} % of the energy is left`);

const size = new DistributedArray(spectrum.distribution);
for (let i = 0; i < size.local.length; i++)
  size.local[i] = Math.log10(1 + Math.hypot(spectrum.local[2 * i], spectrum.local[2 * i + 1]));
await show("Fourier transform", [
  { Picture: picture, "Spectrum, log₁₀ (1 + |F x|)": size },
  { "Low frequencies": smooth, "What is left out": smooth.clone().axpy(-1, picture).scale(-1) },
]);
