/**
 * Finds out, on the ranks of this job, which algorithms of collectives are faster than those that tsmpi chooses, and writes
 * rules for --coll-rules. Started by `tsmpirun tune`, with a JSON of {@link Order}.
 *
 * tsmpi's choice and every algorithm take turns, batch by batch, so that what disturbs one disturbs all. An algorithm that
 * is clearly better is measured a second time, against the choice, before it is believed.
 */
import { writeFile } from "node:fs/promises";
import { type Communicator, init } from "tsmpi";
import { isClearlyBetter, isNoWorse, median, type Row, type Rule, rulesOf } from "./tune-rules.js";

interface Order {
  /** Algorithms of each collective. */
  readonly collectives: Readonly<Record<string, readonly string[]>>;
  /** Ascending. */
  readonly sizes: readonly number[];
  /** Batches of each. */
  readonly rounds: number;
  /** The file to write. */
  readonly out: string;
}

type Asked = string | readonly Rule[] | undefined;
type Operation = (turn: number) => PromiseLike<unknown>;

/** One operation on so many bytes, as rules count them: the vector, the result, or what goes from each rank to each. */
const OPERATIONS: Readonly<Record<string, (comm: Communicator, bytes: number) => Operation>> = {
  allreduce(comm, bytes) {
    const [x, into] = [vector(bytes), vector(bytes)];
    return () => comm.allreduce(x, { into });
  },
  bcast(comm, bytes) {
    const x = vector(bytes);
    return (turn) => comm.bcast(x, { root: turn % comm.size, into: x });
  },
  allgather(comm, bytes) {
    const x = vector(bytes / comm.size);
    const into = new Float64Array(x.length * comm.size);
    return () => comm.allgather(x, { into });
  },
  reduceScatter(comm, bytes) {
    const x = new Float64Array(vector(bytes / comm.size).length * comm.size);
    return () => comm.reduceScatter(x);
  },
  alltoall(comm, bytes) {
    const x = new Float64Array(vector(bytes).length * comm.size);
    const into = new Float64Array(x.length);
    return () => comm.alltoall(x, { into });
  },
};

const BATCH_MS = 5;
/** What is so much slower than tsmpi's choice in a first batch is not measured further. */
const HOPELESS = 4;

const parse: (json: string) => Order = JSON.parse;
const world = await init();
const { collectives, sizes, rounds, out } = parse(process.argv[2]);
const found: Record<string, readonly Rule[]> = {};
for (const [name, algorithms] of Object.entries(collectives)) {
  const rows: Row[] = [];
  for (const bytes of sizes) rows.push(await timeRow(name, algorithms, bytes));
  const rules = await world.bcast(rulesOf(rows) ?? null);
  const isRight = rules !== null && (await isConfirmed(name, rules));
  if (isRight) found[name] = rules;
  say(verdictOf(name, rows, rules, isRight));
}
world.configure({ algorithms: undefined });
if (world.rank === 0) await writeFile(out, `${JSON.stringify(found, null, 2)}\n`);
say(
  Object.keys(found).length === 0
    ? `tsmpi's own choice is kept for all of them; ${out} has no rules`
    : `${out} has rules for ${world.size} ranks: use it with --coll-rules ${out}, or "coll-rules": "${out}" in tsmpi.config.json`,
);

async function timeRow(name: string, algorithms: readonly string[], bytes: number): Promise<Row> {
  const operation = OPERATIONS[name](world, bytes);
  const { count, first } = await prepare(name, undefined, operation);
  const able: string[] = [];
  for (const algorithm of algorithms) {
    const other = await prepare(name, algorithm, operation);
    if (await world.bcast(other.first < HOPELESS * first)) able.push(algorithm);
  }
  const [usual, ...times] = await takeTurns(name, [undefined, ...able], operation, count);
  return { bytes, usual, algorithms: Object.fromEntries(able.map((algorithm, i) => [algorithm, times[i]])) };
}

/** Measures again, the rules against tsmpi's choice: they hold if nothing is worse, and something is clearly better. */
async function isConfirmed(name: string, rules: readonly Rule[]): Promise<boolean> {
  const pairs: (readonly number[])[][] = [];
  for (const bytes of sizes) {
    const operation = OPERATIONS[name](world, bytes);
    const { count } = await prepare(name, undefined, operation);
    pairs.push(await takeTurns(name, [undefined, rules], operation, count));
  }
  const holds =
    pairs.every(([usual, own]) => isNoWorse(own, usual)) &&
    pairs.some(([usual, own]) => isClearlyBetter(own, usual));
  return world.bcast(holds);
}

/** Warms up; returns how many operations make a batch, and ms of one. */
async function prepare(name: string, asked: Asked, operation: Operation) {
  world.configure({ algorithms: asked === undefined ? undefined : { [name]: asked } });
  await batch(operation, 2);
  const probe = await batch(operation, 3);
  const count = await world.bcast(Math.min(2000, 1 + Math.floor(BATCH_MS / probe)));
  return { count, first: await batch(operation, Math.min(count, 20)) };
}

/** Batches of each choice, one after the other, so many rounds; ms of an operation. */
async function takeTurns(
  name: string,
  choices: readonly Asked[],
  operation: Operation,
  count: number,
): Promise<number[][]> {
  const times = choices.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < choices.length; i++) {
      const at = (round + i) % choices.length; // nobody is always first
      const asked = choices[at];
      world.configure({ algorithms: asked === undefined ? undefined : { [name]: asked } });
      times[at].push(await batch(operation, count));
    }
  return times;
}

async function batch(operation: Operation, count: number): Promise<number> {
  await world.barrier();
  const begun = performance.now();
  for (let turn = 0; turn < count; turn++) await operation(turn);
  await world.barrier();
  return (performance.now() - begun) / count;
}

function vector(bytes: number): Float64Array<ArrayBuffer> {
  return new Float64Array(Math.max(1, Math.ceil(bytes / 8)));
}

function verdictOf(
  name: string,
  rows: readonly Row[],
  rules: readonly Rule[] | null,
  isRight: boolean,
): string {
  const lines = rows.map(({ bytes, usual, algorithms }) => {
    const times = Object.entries(algorithms).map(([other, own]) => `${other} ${us(own)}`);
    return `  ${String(bytes).padStart(9)} B  tsmpi's choice ${us(usual)}; ${times.join(", ")}`;
  });
  const verdict =
    rules === null
      ? "tsmpi's choice is kept"
      : isRight
        ? rules
            .map(({ algorithm, bytes }) => (bytes ? `up to ${bytes} B ${algorithm}` : algorithm))
            .join(", ")
        : "tsmpi's choice is kept: what looked better was not, the second time";
  return [`${name} on ${world.size} ranks, median µs of ${rounds}: ${verdict}`, ...lines].join("\n");
}

function us(times: readonly number[]): string {
  return (1000 * median(times)).toPrecision(3);
}

function say(text: string): void {
  if (world.rank === 0) console.log(text);
}
