import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { version } from "../src/version.js";
import { launch } from "./spmd.js";

test("auto: the world is there on import, and is the one of init", { timeout: 150_000 }, async (t) => {
  const folder = t.testdir({
    "auto.ts": `
      import { init, version } from "tsmpi";
      import { world } from "tsmpi/auto";
      const sum = await world.allreduce(world.rank + 1);
      if (world.rank === 0) console.log(sum, (await init()) === world, version);`,
  });
  const { code, output } = await launch(["-n", "2", join(folder, "auto.ts")]);
  t.match({ code, output }, { code: 0, output: `3 true ${version}` });
});

test("version: that of the package", async (t) => {
  const { version: ofPackage } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  t.equal(version, ofPackage);
});
