import assert from "node:assert/strict";
import { test } from "tap";
import { Distribution } from "../../src/array/distribution.js";
import { simulate } from "../../src/comm/simulate.js";
import { FirstDerivative } from "../../src/ops/basic/first-derivative.js";
import { Flip } from "../../src/ops/basic/flip.js";
import { Identity } from "../../src/ops/basic/identity.js";
import { VStack } from "../../src/ops/basic/stacks.js";

void test("describe: an operator with all that it is made of, as a tree; names show", async () => {
  await simulate(2, (comm) => {
    const space = new Distribution(comm, [6, 4]);
    const D = new FirstDerivative(space, { axis: 0 });
    D.name = "D";
    const op = new VStack([D.H.compose(D).scale(2), new Identity(space).add(new Flip([4]))]);
    const lines = op.describe().split("\n");
    assert.deepEqual(
      lines.map((line) => line.replace(/ from .*/, "")),
      [
        "VStack",
        "├─ Scaled",
        "│  └─ Product",
        "│     ├─ Adjoint",
        "│     │  └─ D",
        "│     └─ D",
        "└─ Sum",
        "   ├─ Identity",
        "   └─ LiftedOperator",
        "      └─ Flip",
      ],
    );
    assert.equal(lines[5], `│     └─ D from ${space.toString()} to ${space.toString()}, float64`);
  });
});

void test("a name is what errors call an operator", async () => {
  const D = new FirstDerivative([4]);
  assert.equal(D.name, "FirstDerivative");
  D.name = "slope";
  await assert.rejects(
    D.matvec(new Identity([3]).model.zeros()),
    /^RangeError: slope\.matvec: input is \[3\]/,
  );
});
