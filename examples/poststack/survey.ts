import { readNpz } from "tsmpi";

/** An axis of the model in physical units, for the pictures. */
export interface SampledAxis {
  readonly label: string;
  readonly first: number;
  readonly last: number;
}

/** The subsurface to be found: ln of the acoustic impedance on a (y, x, z) grid. */
export interface Survey {
  readonly dims: readonly [ny: number, nx: number, nz: number];
  readonly lnImpedance: (y: number, x: number, z: number) => number;
  /** Horizontal and vertical axis of an x-z section. */
  readonly axes: { readonly x: SampledAxis; readonly z: SampledAxis };
}

/**
 * The model of an .npz file with arrays `model` (impedance, z × x), `x` and `z` (m): every third trace of it, repeated
 * 20 times along y. Every rank reads the file, which is small.
 */
export async function surveyFromFile(path: string): Promise<Survey> {
  const STEP = 3;
  const model = await readNpz(path, "model");
  const [nz, traces] = model.space.dims;
  const nx = Math.ceil(traces / STEP);
  // Once along x and z; y adds nothing new.
  const section = new Float64Array(nx * nz);
  for (let x = 0; x < nx; x++) {
    for (let z = 0; z < nz; z++) section[x * nz + z] = Math.log(model.local[z * traces + x * STEP]);
  }
  const kilometres = async (name: string) => {
    const { local } = await readNpz(path, name);
    return { first: local[0] / 1000, last: local[local.length - 1] / 1000 };
  };
  return {
    dims: [20, nx, nz],
    lnImpedance: (_, x, z) => section[x * nz + z],
    axes: {
      x: { label: "distance (km)", ...(await kilometres("x")) },
      z: { label: "depth (km)", ...(await kilometres("z")) },
    },
  };
}

/**
 * A model in closed form: folded layers of random thickness and impedance, cut by a dipping fault, with a gas-filled
 * lens under a dome. Changes along all three axes.
 */
export function syntheticSurvey(): Survey {
  const [ny, nx, nz] = [24, 120, 240] as const;
  const layerAt = layers(2 * nz);
  return {
    dims: [ny, nx, nz],
    lnImpedance(y, x, z) {
      const [v, u, w] = [y / (ny - 1), x / (nx - 1), z / (nz - 1)];
      const dome = 26 * Math.exp(-(((u - 0.62) / 0.22) ** 2 + ((v - 0.5) / 0.5) ** 2));
      const fold = 7 * Math.sin(5 * u + 2 * v) + 10 * u;
      const throwAcross = u < 0.3 + 0.12 * w + 0.08 * v ? 16 : 0; // of the fault
      const depth = z + dome * Math.min(1, 0.35 + w) + fold + throwAcross;
      const lens = ((u - 0.64) / 0.13) ** 2 + ((v - 0.5) / 0.4) ** 2 + ((w - 0.55) / 0.035) ** 2 < 1;
      return 1.45 + 0.0022 * z + layerAt[Math.round(depth)] - (lens ? 0.22 : 0);
    },
    axes: {
      x: { label: "distance (km)", first: 0, last: 0.0125 * (nx - 1) },
      z: { label: "two-way time (s)", first: 0, last: 0.004 * (nz - 1) },
    },
  };
}

/** Impedance contrast by depth, in layers of 4 to 18 samples. */
function layers(depths: number): Float64Array {
  const contrast = new Float64Array(depths);
  for (let layer = 0, top = 0; top < depths; layer++) {
    const thickness = 4 + Math.floor(15 * random(2 * layer) ** 2);
    contrast.fill(0.34 * (random(2 * layer + 1) - 0.5), top, top + thickness);
    top += thickness;
  }
  return contrast;
}

/** A uniform number in [0, 1) that depends on the counter alone, so that every rank draws the same. */
function random(counter: number): number {
  let h = Math.imul(counter + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
