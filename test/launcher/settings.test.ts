import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import { help } from "../../launcher/help.js";
import { type Flags, knobs } from "../../launcher/knobs.js";
import { parseOptions } from "../../launcher/options.js";
import { rankVariables, settable, settle, valuesOf } from "../../launcher/settings.js";
import { variableOf } from "../../src/knobs.js";
import { program, tsmpirun } from "./tsmpirun.js";

const CLI = fileURLToPath(new URL("../../launcher/cli.js", import.meta.url));

/** A working directory and a home of their own, with these files of configuration. */
function place(t: Test, own: object | string, home: object | string) {
  const folder = t.testdir();
  mkdirSync(join(folder, "home/tsmpi"), { recursive: true });
  const text = (value: object | string) => (typeof value === "string" ? value : JSON.stringify(value));
  writeFileSync(join(folder, "tsmpi.config.json"), text(own));
  writeFileSync(join(folder, "home/tsmpi/config.json"), text(home));
  const here = process.cwd();
  process.chdir(folder);
  t.teardown(() => process.chdir(here));
  return { folder, variables: { XDG_CONFIG_HOME: join(folder, "home") } };
}

void test("the command line goes before --set, variables, the folder's file and the user's", async (t) => {
  const { folder, variables } = place(t, { timeout: 4, wait: 4 }, { timeout: 5, wait: 5, heartbeat: 5 });
  const layers = [
    ["command line", { timeout: "1" }, {}],
    ["--set", { set: ["timeout=2"] }, {}],
    ["TSMPI_TIMEOUT", {}, { TSMPI_TIMEOUT: "3", MPIEXEC_TIMEOUT: "9" }],
    ["MPIEXEC_TIMEOUT", {}, { MPIEXEC_TIMEOUT: "3" }],
    [join(folder, "tsmpi.config.json"), {}, {}],
  ] as const;
  for (const [i, [origin]] of layers.entries()) {
    const rest = layers.slice(i);
    const given = Object.assign({}, ...rest.map(([, flags]) => flags)) as Record<string, string>;
    const around = Object.assign({}, ...rest.map(([, , own]) => own)) as Record<string, string>;
    const settings = settle(given, { ...variables, ...around });
    t.equal(settings.get("timeout")?.origin, origin);
    t.equal(settings.get("wait")?.value, "4");
    t.equal(settings.get("heartbeat")?.origin, join(folder, "home/tsmpi/config.json"));
  }
});

void test("a value in a file is of its knob's kind", async (t) => {
  const kinds = { timeout: 60, "tag-output": true, encrypt: false, inspect: true, env: { A: 1, B: "x" } };
  const { variables } = place(t, kinds, { host: ["a:2", "b"], exclude: "c" });
  const flags: Flags<typeof knobs> = valuesOf(settle({}, variables), knobs);
  t.match(flags, {
    ...{ timeout: "60", "tag-output": true, encrypt: false, inspect: true, env: ["A=1", "B=x"] },
    ...{ host: ["a:2", "b"], exclude: ["c"] },
  });
  const wrong: readonly (readonly [object | string, RegExp])[] = [
    [{ timeout: [60] }, /tsmpi\.config\.json: "timeout" is \[60\]; write a text or a number/],
    [{ "tag-output": "maybe" }, /"tag-output": "maybe" is neither on nor off/],
    [{ env: [{}] }, /"env" is \{\}; write a text, a list of texts, or an object/],
    [{ timout: 60 }, /tsmpi\.config\.json: unknown key timout; did you mean timeout\?/],
    [{ help: true }, /unknown key help/],
    ["[1]", /no object; write \{ "timeout": 60 \}/],
    ["{", /tsmpi\.config\.json: .*JSON/],
  ];
  for (const [config, message] of wrong) {
    writeFileSync("tsmpi.config.json", typeof config === "string" ? config : JSON.stringify(config));
    t.throws(() => settle({}, variables), { message, exitCode: 2 });
  }
});

void test("unknown keys, and variables that are almost known, are errors with the nearest name", async (t) => {
  place(t, {}, {});
  const set = (word: string) => () => settle({ set: [word] }, {});
  t.throws(set("kil-grace=3"), { message: /--set: unknown key kil-grace; did you mean kill-grace\?/ });
  t.throws(set("zzzzzzzzzzzz=3"), { message: /unknown key zzzzzzzzzzzz; tsmpirun info lists all/ });
  t.throws(set("timeout"), { message: /write --set KEY=VALUE/ });
  t.throws(set("raw=2"), { message: /--set raw: "2" is neither on nor off/ });
  t.throws(() => settle({}, { TSMPI_TIMOUT: "3" }), {
    message: /variable TSMPI_TIMOUT: unknown; did you mean TSMPI_TIMEOUT\?/,
  });
  // Those of ranks and of programs are nobody's mistake.
  t.equal(settle({}, { TSMPI_NODES: "3", TSMPI_RANK: "0", TSMPI_MY_MODEL: "m", TIMOUT: "3" }).size, 0);
});

void test("lists add within one place, and are replaced by those of a stronger one", async (t) => {
  const { variables } = place(t, { env: ["C=3"] }, {});
  const env = (...set: string[]) => settle(set.length > 0 ? { set } : {}, variables).get("env")?.value;
  t.same(env("env=A=1", "env=B=2"), ["A=1", "B=2"]);
  t.same(env(), ["C=3"]);
});

void test("a wrong value names who has set it", async (t) => {
  const { folder } = place(t, { timeout: "soon" }, {});
  t.throws(() => parseOptions(["a.ts"]), {
    message: `--timeout soon: not a number of seconds (set by ${join(folder, "tsmpi.config.json")})`,
  });
  t.throws(() => parseOptions(["--timeout", "late", "a.ts"]), {
    message: "--timeout late: not a number of seconds",
  });
});

void test("what a file turns on, the command line turns off", async (t) => {
  place(t, { "tag-output": true, strict: true }, {});
  const off = parseOptions(["--no-tag-output", "--no-strict", "a.ts"]);
  const on = parseOptions(["a.ts"]);
  t.match(off, { output: { tag: "" }, ending: { strict: false }, told: { TSMPI_STRICT: "0" } });
  t.match(on, { output: { tag: "[%r] " }, ending: { strict: true }, told: { TSMPI_STRICT: "1" } });
});

void test("each program of a job has what is set for all, unless it says otherwise", async (t) => {
  place(t, { np: 2, env: ["A=1"] }, {});
  t.match(parseOptions(["a.ts", ":", "-n", "3", "-x", "B=1", "b.ts"]), {
    count: 5,
    programs: [
      { count: 2, exports: ["A=1"] },
      { count: 3, exports: ["B=1"] },
    ],
  });
});

void test("ranks get what they read themselves", { timeout: 90_000 }, async (t) => {
  t.same(rankVariables(settle({ check: true, "mpi-shm": false, blas: "0", timeout: "3" }, {})), {
    ...{ TSMPI_CHECK: "1", TSMPI_MPI_SHM: "0", TSMPI_BLAS: "0" },
  });
  const { folder } = place(t, { "compat-env": true, "tag-output": true, env: { SHOWN: "yes" } }, {});
  const { stdout, left } = await tsmpirun(["-n", "1", program("variables.ts"), "SHOWN"], { cwd: folder });
  t.match(stdout, /^\[0\] .*yes/m);
  t.same(left, []);
});

void test("the help names every option, and no two share a variable", async (t) => {
  const topics = ["", "mapping", "output", "debugging", "configuration"].map(help).join("\n");
  for (const [name, { help }] of Object.entries(knobs))
    if (help !== "") t.match(topics, new RegExp(`--(\\[no-\\])?${name}\\b`), name);
  t.equal(new Set([...settable.keys()].map(variableOf)).size, settable.size);
});

void test("tsmpirun info lists all that can be set, and who has set it", async (t) => {
  const { folder } = place(t, { "kill-grace": 3, raw: true }, {});
  const info = (...args: string[]) => {
    const env = { ...process.env, TSMPI_HEARTBEAT: "20" };
    return spawnSync(process.execPath, [CLI, "info", ...args], { encoding: "utf8", cwd: folder, env });
  };
  const { status, stdout } = info("--origin", "--timeout", "7");
  t.equal(status, 0);
  t.match(stdout, /^timeout +7 +command line$/m);
  t.match(stdout, /^heartbeat +20 +10 +TSMPI_HEARTBEAT$/m);
  t.match(stdout, new RegExp(`^raw +on +off +${folder}/tsmpi\\.config\\.json$`, "m"));
  t.match(stdout, /^encrypt +on +on +default$/m);
  const rows = JSON.parse(info("--json").stdout) as { key: string }[];
  t.same(rows.map(({ key }) => key), [...settable.keys()]); // prettier-ignore
  t.match(info("--orgin"), { status: 2, stderr: /unknown option --orgin; did you mean --origin\?/ });
});
