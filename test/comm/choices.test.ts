import { test } from "tap";
import { choose } from "../../src/comm/collectives/algorithms.js";
import { CHOICES, readChoices } from "../../src/comm/collectives/choices.js";

const table = { "recursive-doubling": "recursive-doubling", rabenseifner: "rabenseifner", ring: "ring" };

/** Which algorithm an allreduce gets. */
function chosen(coll: string, rules: string, bytes: number, size: number): string {
  const call = { size, members: { forced: readChoices(coll, rules) } };
  return choose(call, "allreduce", table, () => "rabenseifner", bytes);
}

void test("the first rule counts that is for so many bytes and ranks, and none leaves the choice", async (t) => {
  const rules = JSON.stringify({
    allreduce: [
      { bytes: 4096, ranks: 2, algorithm: "ring" },
      { bytes: 8192, algorithm: "recursive-doubling" },
      { ranks: 4, algorithm: "ring" },
    ],
  });
  const cases = [
    [4096, 2, "ring"],
    [4097, 2, "recursive-doubling"],
    [4096, 3, "recursive-doubling"],
    [8193, 3, "ring"],
    [8193, 5, "rabenseifner"],
  ] as const;
  for (const [bytes, size, expected] of cases) t.equal(chosen("", rules, bytes, size), expected);
  t.equal(chosen("bcast=chain, allreduce=ring", rules, 8193, 5), "ring");
  t.equal(chosen("", '{ "allreduce": "ring" }', 1, 1), "ring");
  t.equal(chosen("", "", 1, 1), "rabenseifner");
});

void test("rules can stand in a file", async (t) => {
  const folder = t.testdir({ "rules.json": '{ "allreduce": [{ "algorithm": "ring" }] }' });
  t.equal(chosen("", `${folder}/rules.json`, 1, 4), "ring");
  t.throws(() => readChoices("", `${folder}/none.json`), { message: /none\.json cannot be read/ });
});

void test("every algorithm there is can be asked for", async (t) => {
  for (const [name, algorithms = []] of Object.entries(CHOICES))
    for (const algorithm of algorithms)
      t.same(readChoices(`${name}=${algorithm}`), { [name]: algorithm }, `${name}=${algorithm}`);
});

void test("what is no choice and no rule is an error that says what is wrong", async (t) => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["allreduce=rnig", "", /coll: allreduce has no algorithm "rnig"; did you mean "ring"\?/],
    ["alreduce=ring", "", /"alreduce" is no collective .*did you mean "allreduce"\?/],
    ["allreduce", "", /"allreduce" is no choice; write allreduce=ring/],
    ["", "{", /coll-rules: SyntaxError/],
    ["", '{ "allreduce": 1 }', /"allreduce" is neither the name of an algorithm nor a list/],
    ["", '{ "allreduce": [1] }', /allreduce\[0\]: no rule/],
    ["", '{ "allreduce": [{ "bytes": 1 }] }', /allreduce\[0\]: no rule/],
    ["", '{ "allreduce": [{ "algorithm": "ring", "byte": 1 }] }', /unknown key byte; did you mean "bytes"\?/],
    ["", '{ "allreduce": [{ "algorithm": "ring", "ranks": "2" }] }', /"ranks" is "2"/],
    ["", '{ "allreduce": [{ "algorithm": "rings" }] }', /coll-rules: allreduce has no algorithm "rings"/],
  ];
  for (const [coll, rules, message] of wrong)
    t.throws(() => readChoices(coll, rules), { name: "RangeError", message });
});
