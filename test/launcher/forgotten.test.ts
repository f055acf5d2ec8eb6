import { test } from "tap";
import { program, tsmpirun } from "./tsmpirun.js";

interface Case {
  readonly title: string;
  readonly what: string;
  readonly check?: boolean;
  readonly options?: readonly string[];
  readonly code?: number;
  readonly prints: readonly RegExp[];
}

const cases: readonly Case[] = [
  {
    title: "rule 29: a message that was not received is named by the rank that was to",
    what: "unreceived",
    prints: [/rank 1 ends without having received 1 messages/, /24 bytes from rank 0 with tag 7 on "world"/],
  },
  {
    title: "rule 29: a receive that still waits is named",
    what: "waiting",
    prints: [/rank 0 ends while 1 receives or probes still wait/, /from rank 1 with tag 8 on "world"/],
  },
  {
    title: "rule 29: a request that failed and was never awaited is told with its error",
    what: "failed",
    prints: [/rank 0 never awaited a request that failed: recv: a message from rank 1/],
  },
  {
    title: "rule 29: with TSMPI_CHECK=1 every request that was never awaited is told with its line",
    what: "unawaited",
    check: true,
    prints: [/rank 0 never awaited 1 requests/, /send, peer 1, tag 9, "world", at .*forgetful\.ts:\d+/],
  },
  {
    title: "rule 29: with TSMPI_CHECK=1 a receive that still waits is told with its line",
    what: "waiting",
    check: true,
    prints: [/from rank 1 with tag 8 on "world" at .*forgetful\.ts:\d+/],
  },
  {
    title: "rule 29: with --strict a rank that ends with something forgotten fails",
    what: "unreceived",
    options: ["--strict"],
    code: 1,
    prints: [/rank 1 ends without having received 1 messages/, /rank 1 .*exit(ed)? .*1/],
  },
  {
    title: "rule 29: a receive from a rank that has ended is an error, with the line that awaits it",
    what: "late",
    code: 1,
    prints: [/waits for rank 1.*finished/, /forgetful\.ts:\d+/],
  },
  { title: "rule 29: a program that forgets nothing ends in silence", what: "in order", prints: [] },
];

for (const { title, what, check = false, options = [], code = 0, prints } of cases) {
  test(title, { timeout: 90_000 }, async (t) => {
    const env: Record<string, string> = check ? { TSMPI_CHECK: "1" } : {};
    const run = await tsmpirun([...options, "-n", "2", program("forgetful.ts"), what], { env });
    t.equal(run.code, code, run.stderr);
    for (const pattern of prints) t.match(run.stderr, pattern);
    if (prints.length === 0) t.equal(run.stderr, "");
  });
}
