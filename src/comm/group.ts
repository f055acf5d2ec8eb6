import type { Limited, LimitOptions } from "./limit.js";
import type { Message, Signature } from "./matching.js";
import type { CommState } from "./rank-state.js";

/** Where a message goes, and what its envelope says. Only read during a call. */
export interface Address {
  /** Receiver's rank in the world. */
  readonly dest: number;
  readonly context: number;
  /** Sender's rank in the communicator. */
  readonly source: number;
  readonly tag: number;
}

/** How to send. */
export interface SendingOptions {
  readonly synchronous?: boolean;
  readonly signature?: Signature;
  /** What may call the message back, as long as it has not been received. */
  readonly limit?: LimitOptions & { readonly what: Limited };
}

/** What the engine knows of a communicator. */
export interface Group {
  /** Of a communicator: its messages are the user's. */
  readonly name?: string;
  /** World ranks, by rank. */
  readonly ranks: readonly number[];
  /** Judges a collective's message by its signature; returns what is wrong with it. */
  inspect?(message: Message): Error | undefined;
  /** A collective has failed on another rank. */
  remoteFailure?(sequence: number, source: number, text: string): void;
  /** A world rank calls nothing more. */
  lost(peer: number): void;
  /** It answers no more, either. */
  silent?(peer: number): void;
  /** An active message has come. */
  active?(message: Message, memory: Uint8Array): void;
  /** Compares collectives that have waited for long with what other ranks have called. */
  audit?(): void;
  /** What has been called, and waits; of a communicator. */
  state?(): CommState;
}

/** What answers other ranks; see structure/service.ts. */
export interface Offered {
  /** This rank asks nothing any more; resolves when no other will. */
  leave(): PromiseLike<void>;
}
