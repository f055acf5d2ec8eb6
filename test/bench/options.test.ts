import { test } from "tap";
import { catalogue, findBenchmark } from "../../bench/catalogue.js";
import { parseOptions, UsageError, type Request } from "../../bench/options.js";
import { planOf } from "../../bench/plan.js";
import { parseSizes } from "../../bench/sizes.js";
import { formatBytes } from "../../src/bytes.js";

test("sizes are lists and ranges with units, ascending, each once", async (t) => {
  t.strictSame(parseSizes("1K,8,8"), [8, 1024]);
  t.strictSame(parseSizes("1:8"), [1, 2, 4, 8], "doubles, as OSU's -m");
  t.strictSame(parseSizes("0:4"), [0, 1, 2, 4]);
  t.strictSame(parseSizes(":4"), [1, 2, 4]);
  t.strictSame(parseSizes("1:64MiB:4").length, 14);
  t.strictSame(parseSizes("3:100:3,1M"), [3, 9, 27, 81, 2 ** 20]);
  for (const wrong of ["", "x", "1.5", "-1", "8:1", "1:8:1", "4G", "1:8:x"])
    t.throws(() => parseSizes(wrong), { name: "RangeError", message: /--sizes/ }, wrong);
  t.strictSame([0, 1000, 1024, 1536, 2 ** 20, 2 ** 30].map(formatBytes), [
    "0 B",
    "1000 B",
    "1 KiB",
    "1.5 KiB",
    "1 MiB",
    "1 GiB",
  ]);
});

test("benchmarks are found by the names of OSU and IMB, in any case", async (t) => {
  const found = {
    latency: ["osu_latency", "PingPong", "ping-pong", "IMB-PingPong"],
    reduce_scatter: ["osu_reduce_scatter", "Reduce_scatter", "reduce-scatter", "reduceScatter"],
    multi_lat: ["osu_multi_lat"],
    mbw_mr: ["osu_mbw_mr"],
    init: ["osu_init"],
    bibw: ["Biband"],
    iallreduce: ["osu_iallreduce"],
  };
  for (const [name, spellings] of Object.entries(found))
    for (const spelling of spellings) t.equal(findBenchmark(spelling).name, name, spelling);
  t.throws(() => findBenchmark("latncy"), /no benchmark latncy; did you mean latency\?\nThere are: latency /);
  t.throws(() => findBenchmark("allreduc"), /did you mean allreduce\?/);
  t.throws(() => findBenchmark("quicksort"), /no benchmark quicksort\nThere are/);
  const names = catalogue.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  for (const name of names) t.doesNotThrow(() => findBenchmark(name), name);
});

test("the command line says what to run, on which ranks, against whom", async (t) => {
  const { sections, peers, transports, effort } = parse(
    ..."allreduce osu_bw -n 2,4 -m 8:32 --vs openmpi --transport shm,zmq --rounds 7 --timeout 5".split(" "),
  );
  t.strictSame(
    sections.map(({ benchmark, ranks, sizes }) => [benchmark.name, ranks, sizes]),
    [
      ["allreduce", [2, 4], [8, 16, 32]],
      ["bw", [2, 4], [8, 16, 32]],
    ],
  );
  t.strictSame([peers, transports, effort.rounds, effort.timeoutMs], [["openmpi"], ["shm", "zmq"], 7, 5000]);
  t.ok(parse().sections.length > 3, "without names, some of each");
  t.strictSame(parse("bw").peers, []);
});

test("--vs may stand alone, and adds objects to latency where mpi4py takes part", async (t) => {
  for (const args of [
    ["--vs", "latency"],
    ["latency", "--vs"],
    ["latency", "--vs", "all"],
    ["latency", "--vs", "--quick"],
  ])
    // prettier-ignore
    t.match(parse(...args), {
      peers: ["openmpi", "mpich", "mpi4py"],
      sections: [{ benchmark: { name: "latency" } }, { benchmark: { name: "latency_objects" } }],
    });
  t.equal(parse("latency", "--vs", "openmpi,mpich").sections.length, 1);
});

test("wrong words are usage errors with the nearest right one", async (t) => {
  const wrong: readonly [string, RegExp][] = [
    ["latncy", /did you mean latency\?/],
    ["latency --quik", /unknown option --quik; did you mean --quick\?/],
    ["latency --transport smh", /did you mean shm\?/],
    ["latency --vs=opnmpi", /did you mean openmpi\?/],
    ["latency -n 2,x", /-n 2,x: not a list/],
    ["latency -m 8:1", /--sizes 8:1/],
    ["latency --rounds 0", /--rounds 0: use a positive integer/],
    ["latency --plot a.gif", /--plot a\.gif: end the name in \.png or \.svg/],
  ];
  for (const [line, message] of wrong)
    t.throws(() => parse(...line.split(" ")), { constructor: UsageError, message }, line);
  t.match(parseOptions(["--help"]), /osu_latency[^]*mbw_mr[^]*--vs[^]*half a round trip/);
});

test("sizes that cannot be summed are rounded, and those beyond the memory are left out and named", async (t) => {
  const allreduce = { benchmark: findBenchmark("allreduce"), ranks: [2], sizes: [0, 1, 9, 15, 16, 24] };
  const { jobs, notes } = planOf(allreduce);
  t.strictSame(jobs[0].sizes, [8, 16, 24]);
  t.match(notes, [/allreduce: sizes are rounded to a multiple of 8 bytes/]);
  const alltoall = { benchmark: findBenchmark("alltoall"), ranks: [4], sizes: [1, 1024, 2048] };
  const bounded = planOf(alltoall, 2 * 4 * 4 * 1024);
  t.strictSame(bounded.jobs[0].sizes, [1, 1024]);
  t.match(bounded.notes, [/alltoall, 4 ranks: sizes from 2 KiB are left out; they need 64 KiB/]);
});

test("benchmarks of pairs refuse ranks that make none", async (t) => {
  const on = (name: string, ranks: number) => () =>
    planOf({ benchmark: findBenchmark(name), ranks: [ranks] });
  t.throws(on("latency", 4), /latency takes 2 ranks, not 4; use multi_lat/);
  t.throws(on("bw", 4), /use mbw_mr/);
  t.throws(on("mbw_mr", 3), /mbw_mr takes pairs of ranks, not 3; use 4/);
});

function parse(...args: readonly string[]): Request {
  const request = parseOptions(args);
  if (typeof request === "string") throw new Error(request);
  return request;
}
