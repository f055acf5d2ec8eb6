import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test, type Test } from "tap";
import { program, tsmpirun, type Outcome, type RunOptions } from "./tsmpirun.js";

/** A folder that is gone after the test, with files by name. */
function folderWith(
  t: { teardown(action: () => void): void },
  files: Readonly<Record<string, string>>,
): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tsmpi-files-")));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

interface Shown {
  rank: string;
  size: string;
  greeting?: string;
  args: string[];
  script: string;
  url: string;
  part: string;
  legacy: string;
  lazily: string;
  directory: string;
}

const show: (line: string) => Shown = JSON.parse;

void test("what a program finds", { jobs: 3, timeout: 150_000 }, async (t) => {
  void t.test("its rank, arguments, folder and files are those of the original script", async (t) => {
    const folder = folderWith(t, {});
    const { stdout, stderr, code, left } = await tsmpirun([
      "-np",
      "2",
      "-x",
      "GREETING=a=b c",
      "--wdir",
      folder,
      program("show.ts"),
      "-n",
      "7",
      "--help",
    ]);
    t.equal(stderr, "");
    t.equal(code, 0);
    t.same(left, []);
    const shown = stdout.trim().split("\n").map(show);
    t.same(shown.map(({ rank }) => rank).sort(), ["0", "1"]);
    for (const { rank, ...rest } of shown) {
      t.match(
        rest,
        {
          size: "2",
          greeting: "a=b c",
          args: ["-n", "7", "--help"],
          script: "show.ts",
          url: "show.ts",
          part: "where.ts",
          legacy: "legacy.cjs",
          lazily: "imported",
          directory: folder,
        },
        `rank ${rank}`,
      );
    }
  });

  void t.test("CommonJS programs run as the main module", async (t) => {
    const { stdout, stderr } = await tsmpirun(["-n", "1", program("legacy.cjs")]);
    t.equal(stdout, "main with legacy.cjs\n", stderr);
  });

  void t.test("rank 0 reads what is piped in, the others nothing", async (t) => {
    const { stdout } = await tsmpirun(["-n", "3", program("read.ts")], { input: "hello".repeat(50_000) });
    t.same(stdout.trim().split("\n").sort(), ["0: 250000 hello", "1: 0 -", "2: 0 -"]);
  });

  void t.test("a job on the network only", async (t) => {
    const { code, stderr } = await tsmpirun(["-n", "2", "--transport", "zmq", program("mishap.ts"), "none"]);
    t.equal(code, 0, stderr);
  });

  void t.test("two names of this host make two nodes", async (t) => {
    const hosts = `localhost:1,${hostname()}:2`;
    const { code, stdout, stderr } = await tsmpirun(["--host", hosts, "-v", program("show.ts")]);
    t.equal(code, 0, stderr);
    t.same(
      stdout
        .trim()
        .split("\n")
        .map((line) => show(line).rank)
        .sort(),
      ["0", "1", "2"],
    );
    t.match(stderr, `localhost: 0; ${hostname()}: 1-2`);
  });
});

void test("output", { jobs: 2, timeout: 150_000 }, async (t) => {
  void t.test("lines of several ranks arrive whole and in order", async (t) => {
    const { stdout, stderr } = await tsmpirun(["-n", "3", "--tag-output", program("lines.ts"), "2000"]);
    const lines = stdout.split("\n");
    for (const rank of [0, 1, 2]) {
      const own = lines.filter((line) => line.startsWith(`[${rank}] rank`));
      const expected = Array.from(
        { length: 2000 },
        (_, i) => `[${rank}] rank ${rank} line ${i} ${"=".repeat(60)} end`,
      );
      t.equal(own.join("\n"), expected.join("\n"), `rank ${rank}`);
    }
    t.equal(lines.filter((line) => /^\[\d\] last words without an end$/.test(line)).length, 3);
    t.same(
      stderr.trim().split("\n").sort(),
      [0, 1, 2].map((rank) => `[${rank}] rank ${rank} done`),
    );
  });

  void t.test("a reader that leaves early ends the job", async (t) => {
    const outcome = await tsmpirun(["-n", "2", program("lines.ts"), "200000"], {
      watch: ({ stdout }) => stdout?.destroy(),
    });
    t.equal(outcome.code, 141);
    t.same(outcome.left, []);
  });

  void t.test("a slow reader loses nothing", async (t) => {
    const { stdout, code } = await tsmpirun(["-n", "2", program("lines.ts"), "40000"], {
      watch: pauseOnce(),
    });
    t.equal(code, 0);
    t.equal(stdout.match(/= end\n/g)?.length, 80_000);
  });
});

/** Stops reading for a second after the first piece. */
function pauseOnce(): RunOptions["watch"] {
  let paused = false;
  return ({ stdout }) => {
    if (paused) return;
    paused = true;
    stdout?.pause();
    setTimeout(() => stdout?.resume(), 1000);
  };
}

interface Refusal {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const script = program("show.ts");
const refusals: readonly Refusal[] = [
  { title: "no script", args: [], code: 2, says: /no script given; write: tsmpirun -n 4 script.ts/ },
  { title: "a missing script", args: ["nowhere.ts"], code: 127, says: /cannot find .*nowhere\.ts/ },
  { title: "a folder", args: [tmpdir()], code: 126, says: /is not a file/ },
  { title: "another kind of file", args: ["package.json"], code: 2, says: /scripts end in \.ts/ },
  {
    title: "-n 0",
    args: ["-n", "0", script],
    code: 2,
    says: /-n 0: not a number of ranks; write a positive/,
  },
  { title: "-n 1.5", args: ["-n", "1.5", script], code: 2, says: /-n 1\.5: not a number of ranks/ },
  {
    title: "an unknown option",
    args: ["--hostfle", "x", script],
    code: 2,
    says: /unknown option --hostfle; did you mean --hostfile\?/,
  },
  {
    title: "an unknown transport",
    args: ["--transport", "udp", script],
    code: 2,
    says: /choose auto, shm, zmq or tcp/,
  },
  { title: "a missing value", args: ["-n"], code: 2, says: /-n.*missing/ },
  {
    title: "an unset variable",
    args: ["-x", "NO_SUCH_NAME", script],
    code: 2,
    says: /-x NO_SUCH_NAME: not set/,
  },
  {
    title: "an unset variable that is to go to other hosts",
    args: ["--export", "PATH,NO_SUCH_NAME", script],
    code: 2,
    says: /--export NO_SUCH_NAME: not set/,
  },
  {
    title: "a missing folder",
    args: ["--wdir", "/no/such", script],
    code: 2,
    says: /--wdir .*no such folder/,
  },
  {
    title: "a missing host file",
    args: ["-f", "/no/hosts", script],
    code: 2,
    says: /--hostfile \/no\/hosts/,
  },
  {
    title: "an unknown launcher",
    args: ["--launcher", "rsh", script],
    code: 2,
    says: /choose ssh, srun, exec, fork or manual/,
  },
  {
    title: "an unknown place in a pattern",
    args: ["--tag-format", "%x", script],
    code: 2,
    says: /--tag-format "%x": %x is not known; use %r, %h/,
  },
  {
    title: "ranks that are no list",
    args: ["--print-ranks", "3-1", script],
    code: 2,
    says: /--print-ranks 3-1: not a list of ranks; write it as 0,8-11/,
  },
  {
    title: "tags on raw output",
    args: ["--raw", "--tag", script],
    code: 2,
    says: /--raw passes bytes on as they come, without tags/,
  },
  { title: "a tee without files", args: ["--tee", script], code: 2, says: /say which by --output-dir/ },
  {
    title: "an unknown reader",
    args: ["--stdin", "first", script],
    code: 2,
    says: /write a rank, all or none/,
  },
  {
    title: "a reader that is not there",
    args: ["-n", "2", "--stdin", "2", script],
    code: 2,
    says: /the last one is 1/,
  },
  {
    title: "an unknown signal",
    args: ["--forward-signals", "USR9", script],
    code: 2,
    says: /--forward-signals USR9: did you mean SIGUSR[12]\?/,
  },
  {
    title: "a signal of its own",
    args: ["--forward-signals", "INT", script],
    code: 2,
    says: /acts on it itself/,
  },
  {
    title: "a short heartbeat",
    args: ["--heartbeat", "0.1", script],
    code: 2,
    says: /use 1 or more seconds/,
  },
  {
    title: "ports that are no range",
    args: ["--ports", "9-5", script],
    code: 2,
    says: /write it as 50000-50999/,
  },
  {
    title: "too few ports",
    args: ["--transport", "tcp", "-n", "4", "--ports", "50000-50003", script],
    code: 2,
    says: /4 ports; this host needs 5, one of them for tsmpirun itself/,
  },
  { title: "an unknown topic", args: ["--help", "exitcodes"], code: 2, says: /did you mean exit-codes\?/ },
];

void test(
  "a job that cannot start says why, and starts no rank",
  { jobs: 3, timeout: 150_000 },
  async (t) => {
    for (const { title, args, code, says } of refusals) {
      void t.test(title, { buffered: true }, async (t) => refused(t, await tsmpirun(args), code, says));
    }
    void t.test("a runtime folder in which nothing can be made", { buffered: true }, async (t) => {
      const outcome = await tsmpirun([script], { env: { XDG_RUNTIME_DIR: "/proc" } });
      refused(t, outcome, 125, /no folder for jobs can be made .*set XDG_RUNTIME_DIR/);
    });
    void t.test("an error in a host file, with line and column", { buffered: true }, async (t) => {
      const folder = folderWith(t, { hosts: "localhost slots=2\nlocalhost slots=two\n" });
      const outcome = await tsmpirun(["-f", "hosts", script], { cwd: folder });
      refused(t, outcome, 2, /^tsmpirun: hosts:2:11: "slots=two": "two" is not a positive integer$/m);
    });
    void t.test("a syntax error, once, with its line", { buffered: true }, async (t) => {
      const folder = folderWith(t, { "wrong.ts": "const right = 1;\nconst wrong = ;\n" });
      const outcome = await tsmpirun(["-n", "3", "wrong.ts"], { cwd: folder });
      refused(t, outcome, 1, /wrong\.ts:2:14:\n.*2 . const wrong = ;/s);
      t.equal(outcome.stderr.match(/const wrong/g)?.length, 1);
    });
    void t.test("an import that is not there", { buffered: true }, async (t) => {
      const folder = folderWith(t, { "wrong.ts": 'import { x } from "./gone.js";\nconsole.log(x);\n' });
      refused(t, await tsmpirun(["wrong.ts"], { cwd: folder }), 1, /Could not resolve "\.\/gone\.js"/);
    });
  },
);

type Asserts = Pick<Test, "equal" | "match" | "same">;

function refused(t: Asserts, outcome: Outcome, code: number, says: RegExp): void {
  t.equal(outcome.code, code, `exit code ${code}`);
  t.match(outcome.stderr, says);
  t.equal(outcome.stdout, "");
  t.same(outcome.left, []);
}

void test("help and version", async (t) => {
  t.match((await tsmpirun(["--version"])).stdout, /^tsmpirun \d+\.\d+\.\d+\n$/);
  const { stdout, code } = await tsmpirun(["--help"]);
  t.equal(code, 0);
  t.match(stdout, "--kill-grace");
  t.match((await tsmpirun(["--help", "exit-codes"])).stdout, "124 ");
});
