#!/usr/bin/env node
/** The command `tsmpirun`: cli.ts in one module with all that it imports, unless a part of that has been compiled since. */
import { fileURLToPath } from "node:url";
import { isCurrent } from "./is-current.js";

const own = new URL(".", import.meta.url);
const bundled = new URL("../tsmpirun/cli.js", own);
const [made, folder, root] = [bundled, own, new URL("../../", own)].map((url) => fileURLToPath(url));

await import(isCurrent(made, folder, root) ? bundled.href : new URL("cli.js", own).href);
