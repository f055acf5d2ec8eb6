import { join } from "node:path";
import { test } from "tap";
import { readUserFiles } from "../../launcher/preload.js";
import { tsmpirun } from "./tsmpirun.js";

const code = `
  import { readFileSync } from "node:fs";
  const read = (name: string) => readFileSync(process.env.TSMPI_FILES + "/" + name);
  console.log(String(read("a.json")), read("b.bin").length, process.cwd() === process.env.TSMPI_FILES);`;

void test(
  "files travel with the job to every host, and are gone afterwards",
  { timeout: 150_000 },
  async (t) => {
    const bytes = "b".repeat(3_000_000);
    const folder = t.testdir({ "a.json": '{"a":1}', sub: { "b.bin": bytes } });
    const files = ["--preload", `${folder}/a.json,${folder}/sub/b.bin`];
    const {
      stdout,
      code: exit,
      left,
    } = await tsmpirun([...files, "--launcher", "fork", "--wdir-fallback", "-f", "-", "-e", code], {
      input: "a slots=2\nb slots=1 workdir=/no/such/folder\n",
    });
    t.equal(exit, 0);
    t.same(
      stdout.trim().split("\n").sort(),
      ["false", "false", "true"].map((there) => `{"a":1} 3000000 ${there}`),
      "where the working directory is missing, it is their folder",
    );
    t.same(left, []);
  },
);

void test("files that are not there, have the same name, or are folders are errors before anything starts", async (t) => {
  const folder = t.testdir({ a: "", sub: { a: "" } });
  t.same(readUserFiles([]), []);
  t.same(readUserFiles([join(folder, "a"), ""]), [{ name: "a", bytes: Buffer.alloc(0) }]);
  t.throws(() => readUserFiles([`${folder}/a,${folder}/sub/a`]), { message: /two files have the name a/ });
  t.throws(() => readUserFiles([folder]), { message: /--preload .*: cannot be read \(EISDIR/ });
  const absent = await tsmpirun(["--preload", "/no/file", "-e", "0"]);
  t.match(absent, { code: 2, stderr: /--preload \/no\/file: cannot be read \(ENOENT/ });
});
