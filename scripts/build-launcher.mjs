// Bundles tsmpirun and its agent to a module each, dist/tsmpirun/cli.js and agent.js: node loads one file in half the time
// that it takes for a hundred. See launcher/tsmpirun.ts.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { replaceFile } from "./replace-file.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const { outputFiles } = await build({
  write: false,
  entryPoints: ["cli.js", "agent.js"].map((name) => join(root, "dist/launcher", name)),
  outdir: join(root, "dist/tsmpirun"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  logLevel: "error",
});
for (const { path, contents } of outputFiles) await replaceFile(path, contents);
