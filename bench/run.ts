/**
 * What is fast, and against whom: measures tsmpi and, in the same run, the peers that are installed.
 *
 *     npm run bench -- --only ping-pong
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmarks, full, quick } from "./benchmarks.js";
import { measure } from "./measure.js";
import type { Row } from "./measure.js";
import { findPeers, tsmpi } from "./sides.js";
import { table } from "./table.js";

const names = benchmarks.map(({ name }) => name);
const USAGE = `Usage: npm run bench -- [options]

  --only NAME       one benchmark; repeat for more: ${names.join(", ")}
  --quick           fewer repetitions: to see that it works, not how fast
  --rounds N        times that every side runs, in turn (default ${full.rounds}, quick ${quick.rounds})
  --transport NAME  of tsmpi: auto (default), shm, zmq
  --no-peers        tsmpi alone
  --json FILE       write what was measured there, every round of it
  --help            this text`;

const options = readOptions();
if (options === undefined) console.log(USAGE);
else await main(options);

async function main({ only, effort, transport, json, ...options }: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-bench-"));
  try {
    const { peers, missing } = options.peers ? findPeers(folder) : { peers: [], missing: [] };
    const sides = [tsmpi(transport), ...peers];
    const processor = `${availableParallelism()} × ${cpus()[0]?.model ?? process.arch}`;
    console.log(`On ${processor}; median of ${effort.rounds}, taking turns:`);
    for (const { about } of sides) console.log(`  ${about}`);
    for (const peer of missing) console.log(`  not found: ${peer}`);
    if (peers.length > 0) console.log("ratio: time of tsmpi over that of the peer; below 1, tsmpi is faster");

    const tables: { name: string; rows: Row[] }[] = [];
    for (const benchmark of benchmarks.filter(({ name }) => only.length === 0 || only.includes(name))) {
      console.log(`\n${benchmark.title}`);
      const rows: Row[] = [];
      for (const ranks of benchmark.ranks) rows.push(...(await measure(benchmark, ranks, sides, effort)));
      const sidesShown = sides.map(({ name }) => name);
      console.log(table(rows, sidesShown));
      const disagreement = residualsDiffer(rows);
      if (disagreement) console.log(disagreement);
      if (benchmark.note !== undefined && peers.length > 0) console.log(benchmark.note);
      tables.push({ name: benchmark.name, rows });
    }
    if (json !== undefined) {
      const facts = { date: new Date().toISOString(), processor, sides, missing, effort, tables };
      await writeFile(json, `${JSON.stringify(facts, undefined, 1)}\n`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Sides that end at different residuals have not solved the same problem. */
function residualsDiffer(rows: readonly Row[]): string | undefined {
  const residuals = rows.flatMap(({ cells }) => cells.flatMap((cell) => cell?.residual ?? []));
  if (Math.max(...residuals) <= Math.min(...residuals) * (1 + 1e-6)) return undefined;
  if (residuals.length === 0) return undefined;
  process.exitCode = 1;
  return `These times do not compare: residuals differ, ${residuals.join(", ")}`;
}

type Options = NonNullable<ReturnType<typeof readOptions>>;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true, default: [] },
        quick: { type: "boolean", default: false },
        rounds: { type: "string" },
        transport: { type: "string", default: "auto" },
        "no-peers": { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return undefined;
    const unknown = values.only.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new RangeError(`--only ${unknown}: use ${names.join(", ")}`);
    const effort = values.quick ? quick : full;
    const rounds = Number(values.rounds ?? effort.rounds);
    if (!(Number.isSafeInteger(rounds) && rounds > 0)) {
      throw new RangeError(`--rounds ${values.rounds}: use a positive integer`);
    }
    const { only, transport, json } = values;
    return { only, transport, json, peers: !values["no-peers"], effort: { ...effort, rounds } };
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    process.exit(2);
  }
}
