// Compiles src/kernels/assembly to WebAssembly, once for numbers of 4 bytes and once for those of 8, and writes both, as
// base64 in a TypeScript module, to src/kernels/generated/wasm.ts. Does nothing when the output is newer than every input.
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { replaceFile } from "./replace-file.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const assembly = join(root, "src/kernels/assembly");
const output = join(root, "src/kernels/generated/wasm.ts");

const sources = (await readdir(assembly)).map((name) => join(assembly, name));
const inputs = [...sources, fileURLToPath(import.meta.url)];
const newest = Math.max(...(await Promise.all(inputs.map(modified))));
if (newest >= (await modified(output))) await build();

async function build() {
  const { default: asc } = await import("assemblyscript/asc"); // a second to load, so only when needed
  const started = performance.now();
  const [single, double] = [await compiled(asc, "f32"), await compiled(asc, "f64")];
  const constant = (name, wasm) => `export const ${name} =\n  "${Buffer.from(wasm).toString("base64")}";\n`;
  const text =
    "// Written by scripts/build-kernels.mjs from src/kernels/assembly.\n" +
    constant("single", single) +
    constant("double", double);
  await replaceFile(output, text);
  console.log(
    `kernels: ${single.length} and ${double.length} bytes of WebAssembly in ${Math.round(performance.now() - started)} ms`,
  );
}

/** The module in which `Real` is the type of that name. */
async function compiled(asc, real) {
  let wasm;
  const options =
    `--use Real=${real} -O3 --noAssert --runtime stub --enable simd --enable threads ` +
    "--importMemory --noExportMemory --initialMemory 1 --sharedMemory --maximumMemory 65536";
  const entry = relative(root, join(assembly, "index.ts"));
  const { error, stderr } = await asc.main(
    [entry, "-o", "kernels.wasm", "--baseDir", root, ...options.split(" ")],
    {
      writeFile: (_name, contents) => void (wasm = contents),
    },
  );
  if (error || !wasm) throw new Error(`build-kernels: ${stderr.toString() || error?.message}`);
  return wasm;
}

/** Time of the last change in ms; 0 if there is no such file. */
async function modified(path) {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
