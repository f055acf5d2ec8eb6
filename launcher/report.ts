import { fileURLToPath } from "node:url";
import { exitCodeOf, type Fault } from "./ledger.js";
import { shortPath } from "./places.js";
import { nameRanks } from "./ranks.js";

export interface ReportContext {
  readonly host: (rank: number) => string;
  readonly pid: (rank: number) => number;
  /** How long the rank ran. */
  readonly seconds: (rank: number) => number;
  /** Parts of paths: where tsmpi is installed, and the bundle. Frames from there say nothing to the user. */
  readonly hidden: readonly string[];
  readonly directory: string;
  /** A line of a source file, if it can be read. */
  readonly sourceLine: (path: string, line: number) => string | undefined;
  /** The last lines that a rank has written to stderr, if they were not shown. */
  readonly unseen?: (rank: number) => readonly string[];
  /** What ranks that have not failed were doing, a line for each group of them. */
  readonly others?: readonly string[];
}

/**
 * The one message about a job that failed: the cause, its error in the user's own lines, then who failed likewise and
 * who failed otherwise. Local.
 *
 * @param faults - The cause first.
 */
export function report(faults: readonly Fault[], context: ReportContext): string {
  const [cause, ...others] = faults;
  const lines = [headline(cause, context), ...details(cause, context)];
  const unseen = context.unseen?.(cause.rank) ?? [];
  if (unseen.length > 0) lines.push(`  last lines of its stderr:`, ...unseen.map((line) => `    ${line}`));
  const same = others.filter((fault) => sameAs(fault, cause));
  if (same.length > 0) lines.push(`  the same on ${nameRanks(same.map((fault) => fault.rank))}`);
  const different = groups(others.filter((fault) => !sameAs(fault, cause)));
  for (const group of different.slice(0, MAX_OTHERS)) {
    const [first] = group;
    lines.push(`  then ${nameRanks(group.map((fault) => fault.rank))} ${shortly(first)}`);
  }
  if (different.length > MAX_OTHERS) lines.push(`  and ${different.length - MAX_OTHERS} other failures`);
  const doing = context.others ?? [];
  for (const line of doing.slice(0, MAX_OTHERS)) lines.push(`  other ranks were: ${line}`);
  if (doing.length > MAX_OTHERS)
    lines.push(`  and ${doing.length - MAX_OTHERS} more groups of ranks elsewhere`);
  return lines.join("\n");
}

const MAX_OTHERS = 5;
const MAX_LINES = 30;

function headline(fault: Fault, context: ReportContext): string {
  const { rank, others } = fault;
  const who = `rank ${rank} (${context.host(rank)}, pid ${context.pid(rank)})`;
  const when = `after ${context.seconds(rank).toFixed(1)} s`;
  const code = exitCodeOf(fault);
  return `tsmpirun: ${who} ${what()}; job aborted, exit code ${code}`;

  function what(): string {
    switch (fault.how) {
      case "error":
        return `exited with code ${code} ${when}`;
      case "exit":
        return `exited with code ${fault.code} ${when}${hints[fault.code] ?? ""}`;
      case "abort":
        return `called abort(${fault.code}) ${when}`;
      case "signal": {
        const memory = fault.outOfMemory ? ", likely because memory ran out" : "";
        return `was killed by ${fault.signal} ${when}${memory}`;
      }
      case "left":
        return `left without finalize ${when} while ${nameRanks(others)} had not finished`;
      case "absent":
        return `ended ${when} without init(), for which ${nameRanks(others)} wait${others.length > 1 ? "" : "s"}`;
    }
  }
}

const hints: Readonly<Record<number, string>> = {
  13: " (a top-level await never settled)",
  134: " (node aborted, often for want of memory)",
};

function details(fault: Fault, context: ReportContext): string[] {
  if (fault.text === "") return [];
  const lines = userLines(fault.text, context);
  const shown = lines.slice(0, MAX_LINES).map((line) => `  ${line}`);
  return lines.length > MAX_LINES ? [...shown, `  … ${lines.length - MAX_LINES} more lines`] : shown;
}

function shortly(fault: Fault): string {
  switch (fault.how) {
    case "error":
      return `failed: ${fault.text.split("\n", 1)[0]}`;
    case "abort":
      return `called abort(${fault.code})`;
    case "signal":
      return `was killed by ${fault.signal}`;
    case "exit":
      return `exited with code ${fault.code}`;
    case "left":
      return "left without finalize";
    case "absent":
      return "ended without init()";
  }
}

/** Stack frames of node and of tsmpi itself are left out, unless there are no others; paths become relative. */
function userLines(text: string, context: ReportContext): string[] {
  const lines = text.split("\n").map((line) => line.replace(/file:\/\/[^\s)]*/g, pathOf));
  const isFrame = (line: string) => /^\s+at /.test(line);
  const isHidden = (line: string) =>
    /\(?node:|<anonymous>\)?$/.test(line) || context.hidden.some((folder) => line.includes(folder));
  const kept = lines.filter((line) => !isFrame(line) || !isHidden(line));
  const useful = kept.some(isFrame) ? kept : lines;
  const first = useful.findIndex(isFrame);
  return useful.flatMap((line, i) => {
    if (!isFrame(line)) return [line];
    const short = line.replace(/\/[^():]+/, (path) => shortPath(path, context.directory));
    return i === first ? [short, ...excerpt(line)] : [short];
  });

  /** The line of the program in which it happened. */
  function excerpt(frame: string): string[] {
    const [, path, number] = /(\/[^():]+):(\d+):\d+\)?$/.exec(frame) ?? [];
    const source = path === undefined ? undefined : context.sourceLine(path, Number(number));
    return source === undefined ? [] : [`      ${number} | ${source}`];
  }
}

function pathOf(url: string): string {
  const [, file, place] = /^(.*?)((?::\d+)*)$/.exec(url) ?? [];
  try {
    return fileURLToPath(file) + place;
  } catch {
    return url;
  }
}

function sameAs(a: Fault, b: Fault): boolean {
  return a.how === b.how && a.code === b.code && a.signal === b.signal && normal(a.text) === normal(b.text);
}

/** Texts that differ in numbers only, such as the own rank, count as equal. */
function normal(text: string): string {
  return text.split("\n", 1)[0].replace(/\d+/g, "#");
}

function groups(faults: readonly Fault[]): Fault[][] {
  const found: Fault[][] = [];
  for (const fault of faults) {
    const group = found.find(([first]) => sameAs(first, fault));
    if (group) group.push(fault);
    else found.push([fault]);
  }
  return found;
}
