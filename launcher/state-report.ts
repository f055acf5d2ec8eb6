import type { CommState, PendingMessage, RunningCall } from "../src/comm/rank-state.js";
import type { AnswerKind } from "../src/comm/wire/messages.js";
import { nameRanks } from "./ranks.js";
import type { Finding, Findings } from "./survey.js";

/** What the launcher knows of the job beside what its ranks tell. */
export interface StateContext {
  readonly size: number;
  /** Ranks whose program has ended; their processes may still be there. */
  readonly finalized: readonly number[];
  readonly exited: readonly number[];
  /** A place in a program, for people: a short path, and what stands there. */
  readonly show: (place: string) => string;
}

/**
 * What every rank is waiting for: by communicator, who is in which collective and where, and who has not come; then
 * messages that are waited for, ranks that compute, and those that have ended. Local, pure.
 *
 * Ranks are ranks of the world. Ranks that do the same are named together.
 */
export function stateReport(findings: Findings, context: StateContext): string[] {
  return [
    ...communicatorsIn(findings).flatMap((comm) => describe(comm, findings, context)),
    ...messages(findings, context),
    ...others(findings, context),
  ];
}

/** In one line each, for a report about something else: `0-4,6-15 in barrier() #12 "world" (main.ts:80)`. */
export function stateSummary(findings: Findings, context: StateContext): string[] {
  const doings = new Groups();
  for (const [rank, { state }] of findings) {
    if (state === undefined) continue;
    for (const { name, running } of state.comms)
      for (const call of running)
        doings.add(`in ${call.call} #${call.sequence} "${name}"${at(call, context)}`, rank);
    if (state.comms.every(({ running }) => running.length === 0))
      for (const message of state.pending.slice(0, 1))
        doings.add(
          `waiting ${waiting(message, context).replace(PEERS, nameRanks([message.peer ?? 0]))}`,
          rank,
        );
    if (state.place !== "") doings.add(`computing at ${context.show(state.place)}`, rank);
  }
  return doings.list(sentence);
}

/** A communicator on which some rank waits. */
interface Comm extends Pick<CommState, "id" | "name" | "ranks"> {
  /** Of its ranks that have told it. */
  readonly states: ReadonlyMap<number, CommState>;
}

function communicatorsIn(findings: Findings): Comm[] {
  const found = new Map<number, Comm & { readonly states: Map<number, CommState> }>();
  for (const [rank, { state }] of findings)
    for (const comm of state?.comms ?? []) {
      const { id, name, ranks } = comm;
      const known = found.get(id) ?? { id, name, ranks, states: new Map<number, CommState>() };
      known.states.set(rank, comm);
      found.set(id, known);
    }
  const isBusy = ({ states }: Comm): boolean =>
    [...states.values()].some(({ running }) => running.length > 0);
  return [...found.values()].filter(isBusy).sort((a, b) => a.id - b.id);
}

function describe(comm: Comm, findings: Findings, context: StateContext): string[] {
  const running = [...comm.states.values()].flatMap((state) => state.running);
  const sequences = [...new Set(running.map(({ sequence }) => sequence))].sort((a, b) => a - b);
  return [...sequences.flatMap((sequence) => inCall(comm, sequence, findings, context)), ...branches(comm)];
}

/** Who is in the collective with this number, and who is not. */
function inCall(comm: Comm, sequence: number, findings: Findings, context: StateContext): string[] {
  const groups = new Groups();
  const absent = new Groups();
  const members = comm.ranks ?? Array.from({ length: context.size }, (_, rank) => rank);
  for (const rank of members) {
    const state = comm.states.get(rank);
    const call = state?.running.find((running) => running.sequence === sequence);
    const isKnown = findings.get(rank)?.state !== undefined;
    if (call !== undefined) groups.add(`${be} in ${call.call}${at(call, context)}`, rank);
    else if (state !== undefined && state.begun > sequence) groups.add("[has|have] been through it", rank);
    else if (isKnown) absent.add("[has|have] not called it", rank);
    else absent.add(goneOrUnknown(rank, context), rank);
  }
  const lines = [...groups.list(sentence), ...absent.list(sentence)];
  return [`  "${comm.name}", collective #${sequence}`, ...lines.map((line) => `    ${line}`)];
}

function goneOrUnknown(rank: number, { finalized, exited }: StateContext): string {
  if (exited.includes(rank)) return "[has|have] ended";
  return finalized.includes(rank) ? "[has|have] finalized" : "[tells|tell] nothing, see below";
}

/** Ranks that called different collectives under one number, and the last one before in which they agreed. */
function branches({ name, states }: Comm): string[] {
  const calls = new Map<number, Groups>();
  for (const [rank, { recent }] of states)
    for (const { sequence, call } of recent) {
      const groups = calls.get(sequence) ?? new Groups();
      groups.add(call, rank);
      calls.set(sequence, groups);
    }
  const split = [...calls].filter(([, groups]) => groups.size > 1).map(([sequence]) => sequence);
  if (split.length === 0) return [];
  const first = Math.min(...split);
  const common = calls.get(first - 1)?.names[0];
  const last = common === undefined ? "" : `; the last common call was #${first - 1} ${common}`;
  const all = calls.get(first)?.list((ranks, call) => `${nameRanks(ranks)} called ${call}`) ?? [];
  return [
    `  => ranks took different branches before collective #${first} of "${name}"${last}`,
    ...all.map((line) => `     ${line}`),
  ];
}

/** Sends, receives and probes that wait. Ranks that wait in one place for different ones are named together. */
function messages(findings: Findings, context: StateContext): string[] {
  const groups = new Groups();
  const peers = new Map<string, number[]>();
  for (const [rank, { state }] of findings) {
    for (const message of state?.pending ?? []) {
      const doing = `[waits|wait] ${waiting(message, context)}${never(message, context)}`;
      groups.add(doing, rank);
      peers.set(doing, [...(peers.get(doing) ?? []), ...(message.peer === undefined ? [] : [message.peer])]);
    }
    const more = (state?.pendingCount ?? 0) - (state?.pending.length ?? 0);
    if (more > 0) groups.add(`[waits|wait] for ${more} more messages`, rank);
  }
  const lines = groups.list((ranks, doing) =>
    sentence(ranks, doing.replaceAll(PEERS, nameRanks(peers.get(doing) ?? []))),
  );
  return lines.length === 0 ? [] : ["  point to point", ...lines.map((line) => `    ${line}`)];
}

function waiting(message: PendingMessage, context: StateContext): string {
  const { what, comm, peer, tag } = message;
  const whom = peer === undefined ? "any rank" : PEERS;
  const which = tag === undefined ? "any tag" : `tag ${tag}`;
  const wait =
    what === "recv"
      ? `for [a message|a message each] from ${whom} with ${which}`
      : `until ${whom} [receives|receive] a message with ${which}`;
  return `${wait} on "${comm}"${at(message, context)}`;
}

function never({ peer }: PendingMessage, { finalized, exited }: StateContext): string {
  if (peer === undefined || !(finalized.includes(peer) || exited.includes(peer))) return "";
  return `; the program of ${PEERS} is over  => this can never complete`;
}

/** Stands for the names of other ranks. */
const PEERS = "{peers}";

/** Ranks that wait for nothing that is told above. */
function others(findings: Findings, context: StateContext): string[] {
  const groups = new Groups();
  for (const [rank, finding] of findings) {
    const doing = context.exited.includes(rank) ? undefined : otherwise(rank, finding, context);
    if (doing !== undefined) groups.add(doing, rank);
  }
  for (let rank = 0; rank < context.size; rank++) {
    if (context.exited.includes(rank)) groups.add("[has|have] ended", rank);
    else if (!findings.has(rank)) groups.add("[was|were] not heard of in time", rank);
  }
  return groups.list((ranks, doing) => `  ${sentence(ranks, doing)}`);
}

function otherwise(rank: number, { how, state }: Finding, context: StateContext): string | undefined {
  if (context.finalized.includes(rank)) return "[has|have] finalized, and [waits|wait] for the others";
  if (how === "absent") return "[has|have] not called init()";
  if (state === undefined) return `[does|do] not answer: ${SILENCE[how] ?? ""}`;
  const isWaiting = state.pendingCount > 0 || state.comms.some(({ running }) => running.length > 0);
  if (how === "interrupted" && (state.place !== "" || !isWaiting)) {
    const where = state.place === "" ? "" : `, at ${context.show(state.place)}`;
    return `[has|have] been computing for ${(state.busyMs / 1000).toFixed(0)} s${where}`;
  }
  if (isWaiting) return undefined;
  return state.waits ? "[waits|wait] for something else of tsmpi" : "[waits|wait] for nothing of tsmpi";
}

const SILENCE: Partial<Record<AnswerKind, string>> = {
  silent: "[it computes|they compute] outside JavaScript, in a library or an add-on",
  asleep: "[it sleeps|they sleep] in a call of the system, such as for a file or a child process",
  stopped: "[it is|they are] stopped, by a signal or a debugger",
};

function at({ place }: Pick<RunningCall, "place">, { show }: StateContext): string {
  return place === "" ? "" : `  ${show(place)}`;
}

const be = "[is|are]";

/** Fills in a verb: `[is|are] in barrier()`. */
function sentence(ranks: readonly number[], doing: string): string {
  return `${nameRanks(ranks)} ${doing.replace(/\[([^\]|]*)\|([^\]]*)\]/g, ranks.length === 1 ? "$1" : "$2")}`;
}

/** Ranks by what they do. */
class Groups {
  readonly #ranks = new Map<string, number[]>();

  add(doing: string, rank: number): void {
    const ranks = this.#ranks.get(doing);
    if (ranks === undefined) this.#ranks.set(doing, [rank]);
    else ranks.push(rank);
  }

  get size(): number {
    return this.#ranks.size;
  }

  get names(): readonly string[] {
    return [...this.#ranks.keys()];
  }

  /** The largest first. */
  list(line: (ranks: readonly number[], doing: string) => string): string[] {
    const groups = [...this.#ranks].sort(([, a], [, b]) => b.length - a.length);
    return groups.map(([doing, ranks]) => line(ranks, doing));
  }
}
