/**
 * Part of every program: loads tsmpi as a script, with the code that V8 has made of it before.
 *
 * To compile tsmpi from its text would take a third of the time in which a rank starts. The code of those functions that a
 * program has called is kept in ~/.cache/tsmpi, for each build of tsmpi, version and flags of node; the first rank that
 * ends without having found it writes it. V8 checks that the code fits, and does without if it does not.
 *
 * @see https://nodejs.org/api/vm.html#scriptcreatecacheddata
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { env } from "../src/env.js";

// An import of them would have node load all that they can do: streams of files, for one.
const requireFs: (name: "node:fs") => typeof import("node:fs") = createRequire(import.meta.url);
const requireVm: (name: "node:vm") => typeof import("node:vm") = createRequire(import.meta.url);
const requireOs: (name: "node:os") => typeof import("node:os") = createRequire(import.meta.url);
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } =
  requireFs("node:fs");

/** Modules by their paths in dist/src; each is run when it is asked for, the first time. */
type Modules = Readonly<Record<string, () => Readonly<Record<string, unknown>>>>;
type Library = (
  exports: Modules,
  require: NodeJS.Require,
  module: { exports: Modules },
  url: string,
  lateImport: (name: string) => Promise<unknown>,
  core: Modules,
) => void;
type Take = (module: string, name: string) => unknown;

let loaded: Take | undefined;

/**
 * What gives the exports of the modules of tsmpi, in the build that the program has been bundled for. Local.
 *
 * @throws {Error} If this host has another one.
 */
export function libraryOf(build: string): Take {
  return (loaded ??= load(build));
}

/** What not every program needs is loaded when one does. */
function load(build: string): Take {
  const core = loadScript(`${build}.core`, {});
  let rest: Modules | undefined;
  return (module, name) =>
    (module in core ? core : (rest ??= loadScript(`${build}.rest`, core)))[module]()[name];
}

function loadScript(name: string, core: Modules): Modules {
  const file = join(env.root ?? "", "dist/library", `${name}.cjs`);
  if (!existsSync(file))
    throw new Error(`tsmpi: ${dirname(file)} has no build ${name}; install the same tsmpi on all hosts`);
  const code = codeFile(name);
  const cachedData = readOwn(code);
  const text = readFileSync(file, "latin1"); // only comments have characters that are none of ASCII
  const { Script } = requireVm("node:vm");
  const script = new Script(text, { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected === true)
    process.once("exit", () => keep(code, () => script.createCachedData()));
  const module: { exports: Modules } = { exports: {} };
  const evaluate: () => Library = script.runInThisContext.bind(script);
  evaluate()(module.exports, createRequire(file), module, pathToFileURL(file).href, lateImport, core);
  return module.exports;
}

/** The program lies elsewhere, from where packages of tsmpi are not found. */
async function lateImport(name: string): Promise<unknown> {
  const path = join(env.root ?? "", "dist/launcher/late-import.js");
  const own = await importModule(pathToFileURL(path).href);
  return own.lateImport(name);
}

const importModule: (url: string) => Promise<typeof import("./late-import.js")> = (url) => import(url);

/** Flags of V8 change its code; those of node that ranks are given do not. */
function codeFile(script: string): string {
  const flags = process.execArgv.filter(
    (flag) => !/^--(inspect|cpu-prof|enable-source-maps|v8-pool-size)/.test(flag),
  );
  const name = [script, process.version, process.arch, ...flags].join("_").replace(/[^\w.=-]+/g, "_");
  return join(
    process.env["XDG_CACHE_HOME"] || join(requireOs("node:os").homedir(), ".cache"),
    "tsmpi",
    `${PREFIX}${name.slice(0, LONGEST_NAME)}`,
  );
}

const LONGEST_NAME = 200;

/** A file that nobody else can have written; `undefined` if it is not there, or may be another's. */
function readOwn(path: string): Buffer | undefined {
  try {
    const { uid, mode } = statSync(path);
    return uid === process.getuid?.() && (mode & OTHERS_WRITE) === 0 ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

const OTHERS_WRITE = 0o022;

/** Writes a file, unless another rank is about to; it is renamed into place, so that a reader never sees half of it. */
function keep(path: string, make: () => Uint8Array): void {
  const unfinished = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    sweep(dirname(path));
    writeFileSync(unfinished, "", { flag: "wx", mode: 0o600 });
    writeFileSync(unfinished, make());
    renameSync(unfinished, path);
  } catch {
    // Another one writes it, or there is no room at home: the next program compiles tsmpi again.
  }
}

/** Removes what was begun by ranks that have been killed, and code of builds and nodes that may not be there any more. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder).filter((other) => other.startsWith(PREFIX))) {
    const path = join(folder, name);
    const ageMs = Date.now() - statSync(path).mtimeMs;
    if (ageMs > (name.endsWith(".new") ? KILLED_MS : UNUSED_MS)) rmSync(path, { force: true });
  }
}

const PREFIX = "code_";
const KILLED_MS = 60_000;
const UNUSED_MS = 30 * 24 * 3600_000;
