import type { Boot } from "../boot.js";

/** `auto`: shared memory inside a host, the network between hosts. The others: for all ranks alike. */
export const transportNames = ["auto", "shm", "zmq", "tcp"] as const;
export type TransportName = (typeof transportNames)[number];

/** A program of the job, as it is started on one host. */
export interface ProgramStart {
  /** The bundle; empty for a program that is no script. */
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** Of the script; or the command with its arguments. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
}

export interface RankStart {
  /** World rank. */
  readonly rank: number;
  /** Place among the programs. */
  readonly program: number;
  /** CPUs on which it may run; none: all. */
  readonly cpus: readonly number[];
  /** Of node. */
  readonly flags: readonly string[];
}

/** A file of the user's that every host gets. */
export interface UserFile {
  /** Without a folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What an agent is to run; see control.fbs. */
export interface Start {
  readonly jobId: string;
  readonly size: number;
  /** Ranks of this host, ascending. */
  readonly ranks: readonly RankStart[];
  readonly nodeRank: number;
  readonly nodes: number;
  readonly host: string;
  readonly attempt: number;
  readonly transport: TransportName;
  readonly programs: readonly ProgramStart[];
  /** Place among the job's hosts of every world rank. */
  readonly hosts: readonly number[];
  readonly files: readonly UserFile[];
}

/** An error or an abort of one rank. */
export interface Failure {
  readonly rank: number;
  readonly code: number;
  readonly aborted: boolean;
  readonly text: string;
  /** The rank whose death this error echoes. */
  readonly lostPeer: number | undefined;
}

export interface Exited {
  readonly rank: number;
  /** -1 if a signal ended it. */
  readonly code: number;
  readonly signal: string;
  readonly seconds: number;
  readonly outOfMemory: boolean;
}

/**
 * How a rank answered: by itself; because it was interrupted while it computed; not at all, but runs; not at all, because
 * it sleeps in a call of the system, or is stopped; or it has not joined the job, or not any more.
 */
export const answerKinds = ["told", "interrupted", "silent", "asleep", "stopped", "absent"] as const;
export type AnswerKind = (typeof answerKinds)[number];

/** What a rank is doing. */
export interface Answer {
  readonly rank: number;
  /** Of the inquiry. */
  readonly id: number;
  readonly how: AnswerKind;
  /** A RankState as JSON; "" if it is not known. */
  readonly state: string;
}

/** What ranks record for the launcher, if they are told to. */
export const recordKinds = ["stats", "trace"] as const;
export type RecordKind = (typeof recordKinds)[number];

/** What a rank has printed, and when, in milliseconds since 1970. */
export interface Printed {
  readonly rank: number;
  readonly stream: 1 | 2;
  readonly bytes: Uint8Array;
  readonly timeMs: number;
}

/** A host that is to be reached, by place, and where. */
export interface Target {
  readonly nodeRank: number;
  readonly endpoint: string;
}

/** A host that is not reached, and why. */
export interface Unreached {
  readonly nodeRank: number;
  readonly reason: string;
}

/** A control message, as the program sees it. */
export type ControlMessage =
  | { readonly kind: "boot"; readonly boot: Boot }
  | { readonly kind: "hello"; readonly rank: number; readonly pid: number; readonly endpoint: string }
  | { readonly kind: "address-book"; readonly endpoints: readonly string[] }
  | { readonly kind: "finalize"; readonly rank: number }
  | { readonly kind: "finalized" }
  | { readonly kind: "gone"; readonly ranks: readonly number[] }
  | ({ readonly kind: "failure" } & Failure)
  | {
      readonly kind: "agent-hello";
      readonly nodeRank: number;
      readonly pid: number;
      readonly version: string;
      /** Where others can find out that they reach it; "" if there are none. */
      readonly probe: string;
    }
  | { readonly kind: "probe"; readonly targets: readonly Target[] }
  | { readonly kind: "probed"; readonly failures: readonly Unreached[] }
  | { readonly kind: "start"; readonly start: Start }
  | { readonly kind: "started"; readonly rank: number; readonly pid: number }
  | ({ readonly kind: "output" } & Printed)
  | { readonly kind: "input"; readonly bytes: Uint8Array }
  | { readonly kind: "input-taken" }
  | { readonly kind: "consumed"; readonly bytes: number }
  | ({ readonly kind: "exited" } & Exited)
  | { readonly kind: "drained"; readonly nodeRank: number }
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "stop"; readonly graceMs: number }
  | { readonly kind: "inquiry"; readonly id: number; readonly thorough: boolean }
  | ({ readonly kind: "answer" } & Answer)
  | { readonly kind: "record"; readonly rank: number; readonly what: RecordKind; readonly text: string }
  | { readonly kind: "clock"; readonly id: number; readonly ms: number }
  | { readonly kind: "agent-failed"; readonly code: number; readonly text: string }
  | { readonly kind: "bye"; readonly code: number }
  | { readonly kind: "alive" };
