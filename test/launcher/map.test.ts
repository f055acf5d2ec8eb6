import { test } from "tap";
import { parseHostfile } from "../../launcher/hostfile.js";
import { mapRanks, type MapOptions } from "../../launcher/map.js";
import { compressRanks, nameRanks } from "../../launcher/ranks.js";

/** Ranks of each host: `a: 0-3; b: 4`. */
function place(hosts: string, options: Partial<MapOptions> = {}): string {
  const entries = parseHostfile(hosts.replaceAll(", ", "\n"), "hosts");
  const { placements } = mapRanks(entries, {
    count: undefined,
    cores: 2,
    oversubscribe: undefined,
    ...options,
  });
  return placements.map(({ host, ranks }) => `${host.name}: ${compressRanks(ranks)}`).join("; ");
}

void test("ranks fill hosts slot by slot", async (t) => {
  t.equal(place("a:4, b:2"), "a: 0-3; b: 4-5");
  t.equal(place("a:4, b:2", { count: 5 }), "a: 0-3; b: 4");
  t.equal(place("a:4, b:2", { count: 3 }), "a: 0-2");
  t.equal(place("a, b:1"), "a: 0-1; b: 2", "a host without a number has its cores");
  t.equal(place("a:1, b:1, a:2"), "a: 0-2; b: 3", "repeated hosts add up");
  t.equal(place("a, a, a"), "a: 0-2", "repeated lines count one slot each");
});

void test("ranks beyond the slots are dealt in rounds, up to max_slots", async (t) => {
  t.equal(place("a:2, b:1", { count: 7 }), "a: 0-4; b: 5-6");
  t.equal(place("a slots=2 max_slots=2, b:1", { count: 5 }), "a: 0-1; b: 2-4");
  t.throws(() => place("a slots=2 max_slots=3, b slots=1 max_slots=1", { count: 5 }), {
    message: "5 ranks exceed max_slots, 4 in all found in hosts; use -n 4",
    exitCode: 2,
  });
  t.throws(() => place("a:2, b:1", { count: 4, oversubscribe: false }), {
    message: "4 ranks exceed the 3 slots found in hosts; use -n 3, or --oversubscribe",
  });
});

void test("every rank is placed once, whatever the slots", async (t) => {
  for (const count of [1, 2, 3, 7, 100]) {
    for (const hosts of ["a:1", "a:3, b:2", "a:1, b:50, c:7"]) {
      const entries = parseHostfile(hosts.replaceAll(", ", "\n"), "hosts");
      const { placements, size } = mapRanks(entries, { count, cores: 2, oversubscribe: true });
      t.equal(size, count);
      t.same(
        placements.flatMap(({ ranks }) => ranks),
        Array.from({ length: count }, (_, rank) => rank),
      );
    }
  }
});

void test("ranks in short", async (t) => {
  t.equal(compressRanks([3, 1, 2, 7, 5, 6, 9, 1]), "1-3,5-7,9");
  t.equal(compressRanks([]), "");
  t.equal(nameRanks([4]), "rank 4");
  t.equal(nameRanks([0, 1]), "ranks 0-1");
});
