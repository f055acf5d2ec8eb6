// Makes tsmpi and tsmpirun runnable in this folder: npm links the commands of dependencies, but not a package's own, so
// that `npx tsmpirun` would install the package a second time.
import { chmod, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "node_modules/.bin");
const { bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

await mkdir(folder, { recursive: true });
for (const [name, path] of Object.entries(bin)) {
  await chmod(join(root, path), 0o755);
  await rm(join(folder, name), { force: true });
  await symlink(join("../..", path), join(folder, name));
}
