import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { launch } from "../spmd.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(root, "examples/gallery");
const names = (await readdir(folder)).filter((name) => name !== "show.ts").map((name) => name.slice(0, -3));

// They check what they claim, and fail if it is not so. One job runs them all: most of the time of one is its start.
void test("every example of the gallery shows what it says", { timeout: 300_000 }, async (t) => {
  const all = join(await mkdtemp(join(tmpdir(), "tsmpi-gallery-")), "all.ts");
  t.teardown(() => rm(dirname(all), { recursive: true }));
  const lines = names.map((name) => `await import(${JSON.stringify(join(folder, `${name}.ts`))}); console.log("ran ${name}");`); // prettier-ignore
  await writeFile(all, lines.join("\n"));
  const { code, output } = await launch(["-n", "3", "--print-ranks", "0", all]);
  t.equal(code, 0, output);
  for (const name of names) t.match(output, `ran ${name}`);
});

void test("docs/gallery.md has every example, with its picture", async (t) => {
  const page = await readFile(join(root, "docs/gallery.md"), "utf8");
  for (const name of names) {
    t.ok(page.includes(`../examples/gallery/${name}.ts`), name);
    t.ok(page.includes(`gallery/${name}.svg`), name);
    t.ok((await stat(join(root, `docs/gallery/${name}.svg`))).size > 10_000);
  }
});

void test("an example of the gallery draws its picture, on any number of ranks", async (t) => {
  const out = await mkdtemp(join(tmpdir(), "tsmpi-gallery-"));
  t.teardown(() => rm(out, { recursive: true }));
  const pictures = [];
  for (const ranks of ["1", "4"]) {
    const file = join(out, `${ranks}.svg`);
    const { code, output } = await launch(["-n", ranks, join(folder, "moving.ts"), "--out", file]);
    t.equal(code, 0, output);
    pictures.push(await readFile(file, "utf8"));
  }
  t.equal(pictures[0], pictures[1]);
});
