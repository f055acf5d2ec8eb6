import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where tsmpi is installed: the folder of its package.json. This file runs as dist/launcher/version.js. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

const parse: (json: string) => { version: string } = JSON.parse;

export const { version } = parse(readFileSync(`${root}/package.json`, "utf8"));
