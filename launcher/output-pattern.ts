import { UsageError } from "./errors.js";

/** What a pattern may name. */
export interface PatternValues {
  readonly rank: number;
  readonly size: number;
  readonly host: string;
  readonly pid: number;
  readonly jobId: string;
  readonly stream: "out" | "err";
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

const values: Readonly<Record<string, (given: PatternValues) => string>> = {
  r: ({ rank }) => `${rank}`,
  g: ({ size }) => `${size}`,
  h: ({ host }) => host,
  p: ({ pid }) => `${pid}`,
  j: ({ jobId }) => jobId,
  s: ({ stream }) => stream,
  t: ({ timeMs }) => localTime(new Date(timeMs)),
};

/**
 * Replaces `%r` by the rank, `%g` by the number of ranks, `%h` by the host, `%p` by the process, `%j` by the job, `%s` by out or
 * err, `%t` by the time, and `%%` by `%`. `%4r` has at least four digits. Local.
 */
export function expandPattern(pattern: string, given: PatternValues): string {
  return pattern.replace(PLACES, (_, width: string, letter: string) =>
    letter === "%" ? "%" : values[letter](given).padStart(Number(width), "0"),
  );
}

const PLACES = /%(\d?)([rghpjst%])/g;

/**
 * Checks a pattern from the command line. Local.
 *
 * @param letters - Those that make sense there.
 * @throws {UsageError} For any other, with those that are known.
 */
export function checkPattern(option: string, pattern: string, letters: string): void {
  for (const [place, , letter] of pattern.matchAll(/%(\d?)(.?)/g)) {
    if (letter === "%" || (letter !== "" && letters.includes(letter))) continue;
    const known = [...letters].map((letter) => `%${letter}`).join(", ");
    throw new UsageError(
      `${option} "${pattern}": ${place} is not known; use ${known}, or %% for a percent sign`,
    );
  }
}

function localTime(time: Date): string {
  const two = (value: number) => `${value}`.padStart(2, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${clock}.${`${time.getMilliseconds()}`.padStart(3, "0")}`;
}
