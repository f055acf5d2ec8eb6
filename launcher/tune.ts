import { join, resolve } from "node:path";
import { algorithmsOf } from "./choices.js";
import { UsageError } from "./errors.js";
import { help } from "./help.js";
import { parseOptions } from "./options.js";
import { run } from "./run.js";
import { root } from "./version.js";

const PROGRAM = join(root, "dist/bench/programs/tune.js");
const OUT = "tsmpi-rules.json";
const COLLECTIVES = ["allreduce", "bcast", "allgather", "reduceScatter", "alltoall"];
const SIZES = "8,512,4096,32768,262144,2097152";
const ROUNDS = "9";

/**
 * `tsmpirun tune [--out FILE] [--sizes BYTES,…] [--rounds N] [--collectives NAME,…] [options of a job]`: measures, on the ranks
 * that a job with these options has, which algorithms of collectives are faster than tsmpi's choice, and writes rules for
 * `--coll-rules`.
 *
 * @returns The exit code of the job.
 * @throws {UsageError} For an unknown collective, or numbers that make no sense.
 */
export async function tune(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(`${help("collectives")}\n`);
    return 0;
  }
  const words = [...argv];
  const out = take(words, "--out") ?? OUT;
  const names = (take(words, "--collectives") ?? COLLECTIVES.join()).split(",");
  const unknown = names.find((name) => !COLLECTIVES.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`tune --collectives ${unknown}: is none of ${COLLECTIVES.join(", ")}`);
  const order = {
    collectives: Object.fromEntries(names.map((name) => [name, algorithmsOf(name)])),
    sizes: (take(words, "--sizes") ?? SIZES)
      .split(",")
      .map((text) => whole("--sizes", text, 1))
      .sort((a, b) => a - b),
    rounds: whole("--rounds", take(words, "--rounds") ?? ROUNDS, 3),
    out: resolve(out),
  };
  const request = parseOptions([...words, PROGRAM, JSON.stringify(order)]);
  if (!("programs" in request)) throw new UsageError("tune: --version is an option of tsmpirun itself");
  if (request.engine === "mpi") throw new UsageError("tune: --engine mpi: the algorithms are those of tsmpi");
  return run(request);
}

/** Takes an option of tune's own, with its value, out of the words. */
function take(words: string[], name: string): string | undefined {
  const at = words.indexOf(name);
  if (at < 0) return undefined;
  const [, value] = words.splice(at, 2);
  if (value === undefined) throw new UsageError(`tune ${name}: its value is missing`);
  return value;
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`tune ${name}: "${text}" is no whole number from ${least} on`);
}
