/**
 * What is fast, and against whom, in few figures: `npm run bench -- --only ping-pong`. Sections of {@link overview}, in
 * the ways of `tsmpi bench`, which has all of them at all sizes.
 */
import { parseArgs } from "node:util";
import { full, quick } from "./effort.js";
import { runSections } from "./session.js";
import { PEERS } from "./peers.js";
import { tsmpi, TRANSPORTS } from "./sides.js";
import { overview } from "./suites/overview.js";

const names = Object.keys(overview);
const USAGE = `Usage: npm run bench -- [options]

  --only NAME       one benchmark; repeat for more: ${names.join(", ")}
  --quick           fewer repetitions: to see that it works, not how fast
  --rounds N        times that every side runs, in turn (default ${full.rounds}, quick ${quick.rounds})
  --transport NAME  of tsmpi: ${TRANSPORTS.join(", ")}
  --no-peers        tsmpi alone
  --json FILE       write what was measured there, every round of it
  --help            this text

More benchmarks, sizes and pictures: npx tsmpi bench --help`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true, default: names },
        quick: { type: "boolean", default: false },
        rounds: { type: "string" },
        transport: { type: "string", default: "auto" },
        "no-peers": { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const unknown = values.only.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new RangeError(`--only ${unknown}: use ${names.join(", ")}`);
    const effort = values.quick ? quick : full;
    const rounds = Number(values.rounds ?? effort.rounds);
    if (!(Number.isSafeInteger(rounds) && rounds > 0))
      throw new RangeError(`--rounds ${values.rounds}: use a positive integer`);
    const transport = TRANSPORTS.find((name) => name === values.transport);
    if (transport === undefined)
      throw new RangeError(`--transport ${values.transport}: use ${TRANSPORTS.join(", ")}`);
    const sections = names.filter((name) => values.only.includes(name)).map((name) => overview[name]);
    return await runSections(sections, {
      own: [tsmpi(transport)],
      peers: values["no-peers"] ? [] : PEERS,
      effort: { ...effort, rounds },
      json: values.json,
    });
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
}
