import { notKnown } from "../../src/nearest.js";
import { UsageError } from "../errors.js";
import { oneOf } from "../option-values.js";
import { parseCpuList } from "../../src/topology/cpu-list.js";
import type { Level } from "../../src/topology/topology.js";

/** How ranks are given to hosts. */
export interface MapPolicy {
  /** `slot` fills a host before the next; `node` gives one to each host in turn; the others go round inside a host. */
  readonly by: "slot" | Level;
  /** That many ranks on each part of a host, and no more. */
  readonly per: { readonly count: number; readonly level: Level } | undefined;
  /** Go round the parts of all hosts, not of one host after the other. */
  readonly span: boolean;
  /** CPUs of each rank; `undefined`: one. */
  readonly cpusPerRank: number | undefined;
}

/** How ranks are numbered: along each host, or across hosts. */
export type RankPolicy = "slot" | "node";

/** What ranks are bound to. */
export type BindTo = "none" | "cpu-list" | Exclude<Level, "node">;

export interface BindPolicy {
  /** `undefined`: by rule, see {@link bindRule}. */
  readonly to: BindTo | undefined;
  /** Only these CPUs are used; `undefined`: all that may be used. Each item is what `cpu-list` binds one rank to. */
  readonly cpuList: readonly (readonly number[])[] | undefined;
  /** Hardware threads count as CPUs, not cores. */
  readonly hwthreads: boolean;
}

/**
 * Reads the argument of `--map-by`: `slot`, `node`, `core`, `numa`, …, `ppr:N:numa`, with `:pe=n` and `:span`. Local.
 *
 * @throws {UsageError} For an unknown word, with the nearest known one.
 */
export function parseMapBy(text: string): MapPolicy {
  const fail = (message: string) => new UsageError(`--map-by ${text}: ${message}`);
  const words = text.toLowerCase().split(/[:,]/);
  const [first, ...rest] = words;
  if (first === "ppr") {
    const [count, name, ...modifiers] = rest;
    if (!/^\d{1,7}$/.test(count ?? "") || Number(count) === 0 || name === undefined)
      throw fail("write ppr:N:node, N ranks on each node, or ppr:N:numa");
    const level = levelNames.get(name);
    if (level === undefined) throw fail(`"${name}" is ${notKnown(name, [...levelNames.keys()])}`);
    return {
      by: level === "node" ? "slot" : level,
      per: { count: Number(count), level },
      ...modify(modifiers, fail),
    };
  }
  const by = mapNames.get(first);
  if (by === undefined) throw fail(`"${first}" is ${notKnown(first, [...mapNames.keys()])}`);
  return { by, per: undefined, ...modify(rest, fail) };
}

/**
 * Reads the argument of `--rank-by`. Local.
 *
 * @throws {UsageError} For an unknown word.
 */
export function parseRankBy(text: string): RankPolicy {
  return oneOf("--rank-by", text, ["slot", "node"]);
}

/**
 * Reads the argument of `--bind-to`. Local.
 *
 * @throws {UsageError} For an unknown word, with the nearest known one.
 */
export function parseBindTo(text: string): BindTo {
  const to = bindNames.get(text.toLowerCase());
  if (to === undefined) throw new UsageError(`--bind-to ${text}: ${notKnown(text, [...bindNames.keys()])}`);
  return to;
}

/**
 * Reads the argument of `--cpu-list`, item by item. Local.
 *
 * @throws {UsageError} If an item is neither a number nor a range.
 */
export function parseCpuItems(text: string): number[][] {
  return text.split(",").map((item) => {
    const cpus = parseCpuList(item);
    if (cpus?.length) return cpus;
    throw new UsageError(`--cpu-list ${text}: "${item}" is no CPU; write numbers and ranges, 0-7,16`);
  });
}

const levelNames = new Map<string, Level>([
  ["hwthread", "hwthread"],
  ["core", "core"],
  ["l3", "l3"],
  ["l3cache", "l3"],
  ["numa", "numa"],
  ["socket", "socket"],
  ["package", "socket"],
  ["node", "node"],
]);

const mapNames = new Map<string, MapPolicy["by"]>([
  ["slot", "slot"],
  ["block", "slot"],
  ["cyclic", "node"],
  ...levelNames,
]);

const bindNames = new Map<string, BindTo>([
  ["none", "none"],
  ["cpu-list", "cpu-list"],
  ...[...levelNames].flatMap(([name, level]) => (level === "node" ? [] : [[name, level] as const])),
]);

function modify(
  words: readonly string[],
  fail: (message: string) => UsageError,
): Pick<MapPolicy, "span" | "cpusPerRank"> {
  let span = false;
  let cpusPerRank: number | undefined;
  for (const word of words) {
    const [, pe] = /^pe=(\d{1,5})$/.exec(word) ?? [];
    if (word === "span") span = true;
    else if (Number(pe) > 0) cpusPerRank = Number(pe);
    else throw fail(`"${word}" is no modifier; known are pe=N, the CPUs of each rank, and span`);
  }
  return { span, cpusPerRank };
}
