import { constants } from "node:os";
import type { Knobs, rankKnobs } from "../src/knobs.js";
import { didYouMean } from "../src/nearest.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { given, seconds } from "./option-values.js";

/** What the command line says about how a job ends. */
export interface EndingOptions {
  readonly timeoutMs: number | undefined;
  /** Time for all hosts to have an agent; `undefined`: by their number. */
  readonly startTimeoutMs: number | undefined;
  readonly killGraceMs: number;
  /** A host that has been silent for so long is lost. */
  readonly heartbeatMs: number;
  /** A rank that fails ends the job. */
  readonly abortOnExit: boolean;
  /** What tsmpirun would warn of is an error, and so is what a rank forgets when it ends. */
  readonly strict: boolean;
  /** So long after the first rank has ended, those that go on are named. */
  readonly waitMs: number | undefined;
  /** Signals that are passed on to ranks. */
  readonly forwarded: readonly NodeJS.Signals[];
}

export const endingKnobs = {
  timeout: {
    value: "SECONDS",
    variables: ["MPIEXEC_TIMEOUT"],
    help: "end the job after that time, with exit code 124",
  },
  "start-timeout": {
    value: "SECONDS",
    default: "60",
    help: "time for all hosts to have an agent; without it, one more for 16 hosts",
  },
  heartbeat: {
    value: "SECONDS",
    default: "10",
    help: "a host that has been silent for so long is lost",
  },
  "kill-grace": {
    value: "SECONDS",
    default: "5",
    help: "from SIGTERM to SIGKILL when a job is ended",
  },
  "abort-on-exit": { default: "on", help: "a rank that fails ends the job" },
  wait: {
    value: "SECONDS",
    help: "name the ranks that still run so long after the first has ended, and what they wait for",
  },
  "forward-signals": {
    value: "LIST",
    default: "USR2",
    help: "signals that ranks get, too; see --help signals",
  },
} as const satisfies Knobs;

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong value.
 */
export function readEnding(
  flags: Flags<typeof endingKnobs & Pick<typeof rankKnobs, "strict">>,
): EndingOptions {
  return {
    timeoutMs: given(flags.timeout, (text) => seconds("--timeout", text)),
    startTimeoutMs: given(flags["start-timeout"], (text) => seconds("--start-timeout", text)),
    killGraceMs: seconds("--kill-grace", flags["kill-grace"] ?? "5"),
    heartbeatMs: seconds("--heartbeat", flags.heartbeat ?? "10", {
      seconds: 1,
      why: "a host is not given up that soon",
    }),
    abortOnExit: flags["abort-on-exit"] ?? true,
    strict: flags.strict ?? false,
    waitMs: given(flags.wait, (text) => seconds("--wait", text)),
    forwarded: (flags["forward-signals"] ?? "USR2").split(",").filter(Boolean).map(signal),
  };
}

/** Those that mean something to tsmpirun itself are not passed on as they are. */
const OWN = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGCONT", "SIGCHLD", "SIGKILL", "SIGSTOP", "SIGPIPE"];
const isSignal = (name: string): name is NodeJS.Signals => name in constants.signals;

function signal(word: string): NodeJS.Signals {
  const name = `SIG${word.toUpperCase().replace(/^SIG/, "")}`;
  const known = Object.keys(constants.signals).filter((other) => !OWN.includes(other));
  if (isSignal(name) && known.includes(name)) return name;
  const why = OWN.includes(name) ? "tsmpirun acts on it itself" : didYouMean(name, known, Infinity);
  throw new UsageError(`--forward-signals ${word}: ${why}; see tsmpirun --help signals`);
}
