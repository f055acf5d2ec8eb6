// Transpiles all TypeScript to dist/ in a fraction of a second, without checking types: for the edit-run cycle.
// `npm run build` is the real thing.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const sources = ["src", "launcher", "test", "bench", "examples"].flatMap((folder) => list(folder));
const options = {
  outdir: "dist",
  outbase: ".",
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: true,
  logLevel: "error",
};
// One build per file: a file that does not parse yet holds up no other.
const results = await Promise.allSettled(
  sources.map((source) => build({ ...options, entryPoints: [source] })),
);
process.exitCode = results.some(({ status }) => status === "rejected") ? 1 : 0;

function list(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.ts$/.test(entry.name) && !/assembly/.test(entry.parentPath ?? entry.path),
    )
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
