// Makes tsmpirun runnable in this folder: npm links the commands of dependencies, but not a package's own, so that
// `npx tsmpirun` would install the package a second time.
import { chmod, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules/.bin");

await chmod(join(root, "dist/launcher/cli.js"), 0o755);
await mkdir(bin, { recursive: true });
await rm(join(bin, "tsmpirun"), { force: true });
await symlink("../../dist/launcher/cli.js", join(bin, "tsmpirun"));
