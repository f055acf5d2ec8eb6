import { plotCurve, plotPanels } from "tsmpi";
import type { DistributedArray, Quantity, SectionPanel } from "tsmpi";
import { join } from "node:path";
import type { Inversion } from "./invert.js";
import { grouped, percent } from "./report.js";
import type { Job } from "./report.js";
import type { Survey } from "./survey.js";

/** Draws the x-z sections in the middle of the model, and the convergence. Collective; rank 0 draws. */
export async function draw(folder: string, job: Job, survey: Survey, inversion: Inversion): Promise<void> {
  const { truth, background, data, inverted, cost, iterations, seconds } = inversion;
  const y = Math.floor(survey.dims[0] / 2);
  const sections = [];
  for (const array of [truth, background, data, inverted]) sections.push(await sectionAt(array, y));
  const [m, m0, d, mInverted] = sections;
  if (!m || !m0 || !d || !mInverted) return; // not rank 0
  const difference = mInverted.map((value, i) => value - m[i]);

  const impedance: Quantity = { label: "ln impedance", palette: "viridis", range: rangeOf(m) };
  const amplitude: Quantity = { label: "amplitude", palette: "greys", range: symmetric(d) };
  const deviation: Quantity = { label: "ln impedance", palette: "red-blue", range: symmetric(difference) };
  const [, nx, nz] = survey.dims;
  const panel = (title: string, values: Float64Array, quantity: Quantity): SectionPanel => ({
    title,
    raster: { rows: nz, columns: nx, at: (z, x) => values[x * nz + z] },
    quantity,
    x: survey.axes.x,
    y: survey.axes.z,
  });
  const convergence = { title: "Convergence", label: "residual norm", values: cost };
  await plotCurve(join(folder, "convergence.svg"), { ...convergence, title: "Convergence of CGLS" });
  await plotPanels(join(folder, "poststack.png"), {
    title: "Post-stack seismic inversion",
    subtitle: [
      `${grouped(truth.space.size)} unknowns`,
      `${iterations} CGLS iterations in ${seconds.toFixed(2)} s on ${job.ranks} ${job.ranks === 1 ? "rank" : "ranks"}`,
      `model error ${percent(inversion.error)}, background ${percent(inversion.backgroundError)}`,
    ].join("  ·  "),
    rows: [
      [
        panel("True model", m, impedance),
        panel("Background", m0, impedance),
        panel("Inversion", mInverted, impedance),
      ],
      [panel("Data", d, amplitude), panel("Inversion − true model", difference, deviation), convergence],
    ],
  });
}

/** The x-z section of an array that is split along y, on rank 0. Collective: one message. */
async function sectionAt(array: DistributedArray, y: number): Promise<Float64Array | undefined> {
  const { distribution, local } = array;
  const { comm, dims } = distribution;
  const starts = distribution.offsets(0);
  const owner = starts.findLastIndex((start) => start <= y);
  const length = dims[1] * dims[2];
  const section = new Float64Array(length);
  if (comm.rank === owner) {
    section.set(local.subarray((y - starts[owner]) * length, (y - starts[owner] + 1) * length));
    if (owner === 0) return section;
    await comm.send(section, 0);
  }
  return comm.rank === 0 ? comm.recv({ source: owner, into: section }) : undefined;
}

function rangeOf(values: Float64Array): [number, number] {
  const sorted = values.toSorted();
  return [sorted[0], sorted[sorted.length - 1]];
}

/** A range around zero that leaves out the largest half percent. */
function symmetric(values: Float64Array): [number, number] {
  const sorted = values.map(Math.abs).sort();
  const most = sorted[Math.floor(0.995 * (sorted.length - 1))] || 1;
  return [-most, most];
}
