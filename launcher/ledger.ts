import { constants } from "node:os";
import type { Exited, Failure } from "../src/comm/wire/messages.js";
import { nameRanks } from "./ranks.js";

/** How a rank failed. */
export interface Fault {
  readonly rank: number;
  readonly how: "error" | "abort" | "exit" | "signal" | "left" | "absent";
  /** Exit code of the rank, as it was or as it was asked for. */
  readonly code: number;
  readonly signal: string;
  /** The error with its stack, or the reason of an abort. */
  readonly text: string;
  readonly lostPeer: number | undefined;
  readonly outOfMemory: boolean;
  /** Ranks that went on without it, for `left` and `absent`. */
  readonly others: readonly number[];
}

interface RankState {
  pid: number;
  hello: boolean;
  finalized: boolean;
  exited: Exited | undefined;
}

/**
 * What is known of each rank, and which of them have failed, in the order in which they did. Pure: it is told, and
 * asked.
 */
export class Ledger {
  readonly ranks: readonly RankState[];
  readonly #endpoints: string[];
  readonly #faults = new Map<number, Fault>();
  #hellos = 0;
  #finalized = 0;

  constructor(size: number) {
    this.ranks = Array.from({ length: size }, () => ({
      pid: 0,
      hello: false,
      finalized: false,
      exited: undefined,
    }));
    this.#endpoints = new Array<string>(size).fill("");
  }

  started(rank: number, pid: number): void {
    this.ranks[rank].pid = pid;
  }

  /** The address book, once the last rank has said hello. */
  hello(rank: number, endpoint: string): readonly string[] | undefined {
    const state = this.ranks[rank];
    if (!state.hello) this.#hellos++;
    state.hello = true;
    this.#endpoints[rank] = endpoint;
    this.#findAbsent();
    return this.#hellos === this.ranks.length ? this.#endpoints : undefined;
  }

  /** True once the last rank has finalized. */
  finalize(rank: number): boolean {
    const state = this.ranks[rank];
    if (!state.finalized) this.#finalized++;
    state.finalized = true;
    return this.#finalized === this.ranks.length;
  }

  failed(failure: Failure): void {
    const how = failure.aborted ? "abort" : "error";
    this.#fault({ ...noFault, ...failure, how });
  }

  exited(exited: Exited): void {
    const state = this.ranks[exited.rank];
    state.exited = exited;
    const { rank, code, signal, outOfMemory } = exited;
    if (signal !== "") return this.#fault({ ...noFault, rank, how: "signal", code, signal, outOfMemory });
    if (code !== 0) return this.#fault({ ...noFault, rank, how: "exit", code });
    const others = this.#others(rank);
    if (state.hello && !state.finalized && others.length > 0) {
      return this.#fault({ ...noFault, rank, how: "left", code, others });
    }
    this.#findAbsent();
  }

  /** Ranks that have failed: the cause first, then by time, equal causes by rank. */
  get faults(): readonly Fault[] {
    const faults = [...this.#faults.values()];
    const cause = faults[0] && this.#causeOf(faults[0]);
    return cause ? [cause, ...faults.filter((fault) => fault !== cause)] : faults;
  }

  /** The first failure only echoes the loss of a rank of whose end nothing is known yet. */
  get unexplained(): boolean {
    const peer = this.faults[0]?.lostPeer;
    return (
      peer !== undefined &&
      this.running.includes(peer) &&
      !this.#faults.has(peer) &&
      !this.ranks[peer].finalized
    );
  }

  /** Ranks that will not send any more while others may wait for them. */
  get gone(): readonly number[] {
    return this.#where((state) => state.finalized || state.exited !== undefined);
  }

  /** Exit codes of all ranks, as in `0: ranks 0-2; 137: rank 3`; of those that go on, nothing is known. */
  get exitCodes(): string {
    const byCode = new Map<string, number[]>();
    for (const [rank, { exited }] of this.ranks.entries()) {
      const code =
        exited === undefined
          ? "unknown"
          : `${exited.signal === "" ? exited.code : signalCode(exited.signal)}`;
      byCode.set(code, [...(byCode.get(code) ?? []), rank]);
    }
    return [...byCode].map(([code, ranks]) => `${code}: ${nameRanks(ranks)}`).join("; ");
  }

  /** Ranks whose program goes on. */
  get unfinished(): readonly number[] {
    return this.#where((state) => state.exited === undefined && !state.finalized);
  }

  get running(): readonly number[] {
    return this.#where((state) => state.exited === undefined);
  }

  #where(condition: (state: RankState) => boolean): number[] {
    return this.ranks.flatMap((state, rank) => (condition(state) ? [rank] : []));
  }

  #others(rank: number): number[] {
    return this.#where((state) => !state.finalized).filter((other) => other !== rank);
  }

  /** A rank that ended without init while others have called it keeps them waiting for ever. */
  #findAbsent(): void {
    if (this.#hellos === 0) return;
    const absent = this.ranks.findIndex((state) => state.exited?.code === 0 && !state.hello);
    if (absent < 0) return;
    this.#fault({ ...noFault, rank: absent, how: "absent", others: this.#where((state) => state.hello) });
  }

  /** The first report of a rank tells why it failed; that of its end adds the code. */
  #fault(fault: Fault): void {
    const earlier = this.#faults.get(fault.rank);
    if (!earlier) this.#faults.set(fault.rank, fault);
    else if (earlier.how === "error") this.#faults.set(fault.rank, withExit(earlier, fault));
    else if (earlier.how === "exit" && fault.text !== "") this.#faults.set(fault.rank, fault);
  }

  /**
   * An error that only echoes the end of another rank is not the cause, if that rank failed as well. Ranks whose errors
   * echo each other in a ring have lost a connection: the first to say so is the cause.
   */
  #causeOf(first: Fault): Fault {
    const echoes = new Set<Fault>();
    for (let fault = first; ;) {
      const peer = fault.lostPeer === undefined ? undefined : this.#faults.get(fault.lostPeer);
      if (peer === undefined) return fault;
      if (echoes.has(peer) || peer === fault) return first;
      echoes.add(fault);
      fault = peer;
    }
  }
}

/**
 * Exit code of a job that a fault ended: the rank's own, 128 + n for signal n, and never 0. Local.
 */
export function exitCodeOf(fault: Fault): number {
  if (fault.how === "signal") return signalCode(fault.signal);
  return fault.code >= 1 && fault.code <= 255 ? fault.code : 1;
}

function signalCode(name: string): number {
  return 128 + (signalNumbers[name] ?? 0);
}

const noFault = {
  code: 0,
  signal: "",
  text: "",
  lostPeer: undefined,
  outOfMemory: false,
  others: [],
} as const;

function withExit(error: Fault, end: Fault): Fault {
  return end.how === "exit" ? { ...error, code: end.code } : error;
}

const signalNumbers: Readonly<Record<string, number>> = constants.signals;
