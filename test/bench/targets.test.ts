import { test } from "tap";
import { findBenchmark } from "../../bench/catalogue.js";
import type { Cell, Row } from "../../bench/measure.js";
import { parseOptions } from "../../bench/options.js";
import { judge, part, stages, type Target } from "../../bench/suites/targets.js";
import { targetLine } from "../../bench/targets.js";

const cell = (...micro: readonly number[]): Cell => {
  const samples = micro.map((each) => each / 1e6);
  const [seconds] = samples;
  return { seconds, min: seconds, max: seconds, ratio: 1, samples, errors: 0 };
};
const target = (more: Partial<Target>): Target => ({
  ...{ benchmark: "bw", ranks: 2, bytes: 8, goal: "time", against: "Open MPI", limit: 1 },
  ...more,
});
const verdictOf = (what: Partial<Target>, ...cells: (Cell | undefined)[]) => {
  const rows: Row[] = [{ benchmark: "bw", ranks: 2, bytes: 8, cells }];
  return judge([target(what)], rows, ["tsmpi encrypted", "Open MPI", "tsmpi plain"])[0];
};

test("a target of time is the median over rounds of ours over theirs", async (t) => {
  t.match(verdictOf({}, cell(1, 4, 3), cell(2, 2, 2)), { value: 1.5, met: false });
  t.match(verdictOf({ limit: 1.5 }, cell(1, 4, 3), cell(2, 2, 2)), { value: 1.5, met: true });
  t.match(verdictOf({ own: "plain" }, cell(9), cell(2), cell(1)), { value: 0.5, met: true });
});

test("a target of a rate is met from its limit upwards, one of µs up to it", async (t) => {
  t.match(verdictOf({ goal: "rate", limit: 0.6 }, cell(2), cell(1)), { value: 0.5, met: false });
  t.match(verdictOf({ goal: "rate", limit: 0.5 }, cell(2), cell(1)), { value: 0.5, met: true });
  const absolute = { goal: "µs", against: undefined } as const;
  t.match(verdictOf({ ...absolute, limit: 60 }, cell(59)), { met: true });
  t.match(verdictOf({ ...absolute, limit: 60 }, cell(61)), { met: false });
});

test("what could not be measured is not met, and says so", async (t) => {
  const verdict = verdictOf({}, cell(1), undefined);
  t.match(verdict, { value: undefined, met: false });
  t.match(targetLine(verdict), /not measured/);
  t.match(targetLine(verdictOf({}, cell(2), cell(1))), /bw +2 +8 B +2\.00 µs +Open MPI 1\.00 µs +2\.00 +× +≤ 1 +MISSED/); // prettier-ignore
});

test("every target names what a job of its stage measures, once", async (t) => {
  for (const [name, { jobs, targets }] of Object.entries(stages)) {
    const measured = jobs.flatMap(({ ranks, benchmark, sizes }) =>
      sizes.map((bytes) => `${benchmark.name} ${ranks} ${bytes}`),
    );
    t.equal(new Set(measured).size, measured.length, `${name}: nothing twice`);
    for (const { benchmark, ranks, bytes } of targets) {
      t.ok(measured.includes(`${benchmark} ${ranks} ${bytes}`), `${name}: ${benchmark} ${ranks} ${bytes}`);
      t.doesNotThrow(() => findBenchmark(benchmark));
    }
  }
});

test("stages of the targets can be chosen, hosts lead to all sides", async (t) => {
  t.match(parseOptions(["targets"]), { targets: stages, severalHosts: false });
  const line = "targets network -H a:1,b:1 --no-encrypt --tsmpirun".split(" ");
  t.match(parseOptions([...line, "--ssh 'ssh -F config'", "--mpirun", "--mca x y"]), {
    targets: { network: stages.network, host: undefined },
    severalHosts: true,
    launch: {
      tsmpirun: ["--host", "a:1,b:1", "--no-encrypt", "--ssh", "ssh -F config"],
      mpirun: ["--host", "a:1,b:1", "--mca", "x", "y"],
    },
  });
  t.throws(() => parseOptions(["targets", "hosts"]), /targets hosts: use host, mpi, network/);
  t.throws(() => parseOptions(["targets", "-n", "2"]), /ranks and sizes are fixed/);
});

test("--only measures what its targets need, and no more", async (t) => {
  const { jobs, targets } = part(stages.host, /allreduce n=(2|4) 1 MiB/);
  t.match(jobs, [
    { ranks: 2, sizes: [2 ** 20] },
    { ranks: 4, sizes: [2 ** 20] },
  ]);
  t.match(targets, [{ benchmark: "allreduce", ranks: 2, bytes: 2 ** 20 }, { ranks: 4 }]);
  t.equal(jobs.length + targets.length, 4);
  t.match(parseOptions(["targets", "--only", "^bw ENCRYPTED"]), {
    targets: { host: undefined, mpi: undefined, network: { targets: [{ own: "encrypted" }] } },
  });
  t.throws(
    () => parseOptions(["targets", "--only", "allreduse"]),
    /--only allreduse: no target is called so/,
  );
  t.throws(() => parseOptions(["targets", "--only", "("]), /--only \(: not a regular expression/);
  t.throws(() => parseOptions(["bw", "--only", "bw"]), /--only: is for targets; name benchmarks/);
});
