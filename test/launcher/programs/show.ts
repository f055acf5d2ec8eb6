// Prints what a program can know about its place: its own file, arguments, environment.
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { where } from "./parts/where.js";

const { TSMPI_RANK, TSMPI_SIZE, GREETING } = process.env;
const required = createRequire(import.meta.url)("./parts/legacy.cjs") as { name: string };
const { lazily } = await import("./parts/lazy.js");
console.log(
  JSON.stringify({
    rank: TSMPI_RANK,
    size: TSMPI_SIZE,
    greeting: GREETING,
    args: process.argv.slice(2),
    script: basename(process.argv[1]),
    url: basename(fileURLToPath(import.meta.url)),
    part: basename(where),
    legacy: required.name,
    lazily,
    directory: process.cwd(),
  }),
);
