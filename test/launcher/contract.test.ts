import { test } from "tap";
import { program, tsmpirun } from "./tsmpirun.js";

interface Case {
  readonly event: string;
  /** Arguments of mishap.ts; rank 1 misbehaves unless they say otherwise. */
  readonly does: readonly string[];
  readonly options?: readonly string[];
  readonly ranks?: number;
  readonly code: number;
  /** What the one message says. */
  readonly says?: readonly RegExp[];
}

// How a job of three ranks ends when one of them misbehaves while the others wait in a barrier.
const contract: readonly Case[] = [
  { event: "all ranks end with 0", does: ["none"], code: 0 },
  {
    event: "exit(3)",
    does: ["exit", "1", "3"],
    code: 3,
    says: [
      /^tsmpirun: rank 1 \(localhost, pid \d+\) exited with code 3 after \d+\.\d s; job aborted, exit code 3$/m,
    ],
  },
  {
    event: "exit(0) before the others have finished",
    does: ["exit", "1", "0"],
    code: 1,
    says: [/rank 1 .* left without finalize .* while ranks 0,2 had not finished; job aborted, exit code 1/],
  },
  { event: "exit(0) of the only rank", does: ["exit", "0", "0"], ranks: 1, code: 0 },
  {
    event: "exit(0) without init, for which others wait",
    does: ["absent", "1"],
    code: 1,
    says: [/rank 1 .* ended after .* s without init\(\), for which ranks? [02,]+ waits?;/],
  },
  { event: "exit code 7 after finalize", does: ["code-after-the-end", "1", "7"], code: 7, says: [/code 7/] },
  {
    event: "SIGKILL",
    does: ["signal", "1", "SIGKILL"],
    code: 137,
    says: [/rank 1 .* was killed by SIGKILL/],
  },
  {
    event: "SIGSEGV",
    does: ["signal", "1", "SIGSEGV"],
    code: 139,
    says: [/rank 1 .* was killed by SIGSEGV/],
  },
  {
    event: "abort(5)",
    does: ["abort", "1", "5"],
    code: 5,
    says: [/rank 1 .* called abort\(5\)/, /the residual grew/, /mishap\.ts:\d+:\d+/],
  },
  { event: "abort(300)", does: ["abort", "1", "300"], code: 1, says: [/abort\(300\).*exit code 1/] },
  { event: "abort(256)", does: ["abort", "1", "256"], code: 1 },
  { event: "abort(0)", does: ["abort", "1", "0"], code: 1 },
  {
    event: "an uncaught error",
    does: ["throw", "1"],
    code: 1,
    says: [
      /rank 1 .* exited with code 1/,
      /^ {2}TypeError: Cannot read/m,
      /at solve \(.*mishap\.ts:\d+:\d+\)/,
    ],
  },
  { event: "an uncaught error in a timer", does: ["throw-later", "1"], code: 1, says: [/at solve/] },
  {
    event: "an unhandled rejection",
    does: ["reject", "1"],
    code: 1,
    says: [/RangeError: damping of rank 1 is negative/],
  },
  {
    event: "something else than an error is thrown",
    does: ["throw-string", "1"],
    code: 1,
    says: [/no error object/],
  },
  {
    event: "an uncaught error before init",
    does: ["absent-error", "1"],
    code: 1,
    says: [/Error: before init/, /rank 1 .* exited with code 1/],
  },
  {
    event: "the same error on all ranks",
    does: ["reject", "all"],
    code: 1,
    says: [/RangeError: damping of rank \d/, /the same on ranks/],
  },
  {
    event: "exit codes 10, 11, 12",
    does: ["exit-10-plus-rank", "all"],
    code: -1, // that of whichever was first, checked below
    says: [/then rank/],
  },
  {
    event: "--timeout",
    does: ["hang", "1"],
    options: ["--timeout", "1.5"],
    code: 124,
    says: [/ranks 0-2 still ran at the --timeout of 1.5 s/],
  },
  {
    event: "--timeout of a rank in an endless loop",
    does: ["spin", "1"],
    options: ["--timeout", "1.5"],
    code: 124,
  },
  { event: "a rank that leaves a child behind", does: ["child", "1"], code: 5 },
  { event: "3 MB printed right before exit(4)", does: ["print-then-exit", "1"], code: 4 },
];

void test("how a job ends", { jobs: 3, timeout: 300_000 }, async (t) => {
  for (const { event, does, options = [], ranks = 3, code, says = [] } of contract) {
    void t.test(event, { buffered: true }, async (t) => {
      const outcome = await tsmpirun(["-n", `${ranks}`, ...options, program("mishap.ts"), ...does]);
      const { stderr } = outcome;
      if (code >= 0) t.equal(outcome.code, code, `exit code ${code}`);
      else
        t.match(stderr, new RegExp(`^tsmpirun: rank (\\d) .* exited with code 1\\1 .* exit code 1\\1$`, "m"));
      for (const pattern of says) t.match(stderr, pattern);
      t.equal(stderr.match(/^tsmpirun:/gm)?.length ?? 0, code === 0 ? 0 : 1, "one message");
      t.notMatch(stderr, /program\.mjs/, "in the user's own lines");
      t.same(outcome.left, [], "nothing is left");
      if (does[0] === "print-then-exit") t.equal(outcome.stdout.length, 3_000_001, "nothing is lost");
      t.comment(`${outcome.seconds.toFixed(2)} s`);
    });
  }
});
