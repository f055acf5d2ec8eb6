/**
 * Post-stack seismic inversion: finds the acoustic impedance of the subsurface from seismic traces.
 *
 *     npx tsmpirun -n 4 examples/poststack.ts
 *     npx tsmpirun -n 4 examples/poststack.ts --model poststack_model.npz --out result/
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { init, writeNpy } from "tsmpi";
import { draw } from "./poststack/figure.js";
import { invert } from "./poststack/invert.js";
import type { Inversion } from "./poststack/invert.js";
import { history, row, summary } from "./poststack/report.js";
import { surveyFromFile, syntheticSurvey } from "./poststack/survey.js";
import type { Survey } from "./poststack/survey.js";

const USAGE = `Usage: tsmpirun -n RANKS examples/poststack.ts [options]

  --model FILE     .npz with arrays model (impedance, z × x), x and z; default: a model made here
  --out FOLDER     write history.json, the arrays as .npy, and pictures there
  --iterations N   of CGLS, default 40
  --no-plot        no pictures
  --help           this text`;

const world = await init();
const job = { ranks: world.size, transport: world.transport };
const root = world.rank === 0;
const options = readOptions();
if (!options.help) await main();
else if (root) console.log(USAGE);

async function main(): Promise<void> {
  const { iterations } = options;
  const survey = options.model === undefined ? syntheticSurvey() : await surveyFromFile(options.model);

  const inversion = await invert(world, survey, iterations, ({ iteration, residualNorm, gradientNorm }) => {
    if (root) console.log(row(iteration, iterations, [residualNorm, gradientNorm]));
  });
  if (root) console.log(`\n${summary(job, inversion)}`);

  if (options.out !== undefined) await save(options.out, survey, inversion);
  check(inversion);
}

/** Options of the command line; what cannot be understood ends the job with exit code 2. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        model: { type: "string" },
        out: { type: "string" },
        iterations: { type: "string", default: "40" },
        "no-plot": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const iterations = Number(values.iterations);
    if (Number.isSafeInteger(iterations) && iterations > 0) return { ...values, iterations };
    throw new RangeError(`--iterations is ${values.iterations}; use a positive integer`);
  } catch (error) {
    return world.abort(2, `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** Every rank writes its blocks; rank 0 the rest. */
async function save(folder: string, survey: Survey, inversion: Inversion): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (root) await writeFile(join(folder, "history.json"), history(job, inversion));
  await writeNpy(join(folder, "model.npy"), inversion.truth);
  await writeNpy(join(folder, "data.npy"), inversion.data);
  await writeNpy(join(folder, "inverted.npy"), inversion.inverted);
  if (!options["no-plot"]) await draw(folder, job, survey, inversion);
  if (root) console.log(`${"wrote".padEnd(15)}${folder}`);
}

/** The answer must be one: the data are fitted better with each iteration, and the model is better than its start. */
function check({ cost, error, backgroundError }: Inversion): void {
  const worse = cost.findIndex((norm, i) => i > 0 && !(norm <= cost[i - 1] * (1 + 1e-9)));
  if (worse >= 0) throw new Error(`poststack: the residual grew to ${cost[worse]} in iteration ${worse}`);
  if (!(error < backgroundError)) {
    throw new Error(
      `poststack: the model's error ${error} is not below ${backgroundError} of the background`,
    );
  }
}
