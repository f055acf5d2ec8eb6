import type { Socket } from "node:net";
import type { Connection } from "./connection.js";

/** A message that waits for a connection. */
export interface Posted {
  readonly header: Int32Array;
  readonly payload: Uint8Array;
  readonly sent: () => void;
}

/** What a rank knows of another one. */
export interface Peer {
  readonly rank: number;
  connection: Connection | undefined;
  /** The connection that this rank makes. */
  dialing: Socket | undefined;
  /** Since when, by the clock of this process. */
  dialedMs: number;
  /** The peer makes the connection. */
  called: boolean;
  /** What was posted before there was a connection. */
  readonly pending: Posted[];
  /** The peer will post no more. */
  saidBye: boolean;
  /** The peer has everything that this rank posted. */
  tookAll: boolean;
  lost: Error | undefined;
  /** The sink knows. */
  reported: boolean;
}

/** One that nothing is known of yet. */
export function newPeer(rank: number): Peer {
  return {
    rank,
    connection: undefined,
    dialing: undefined,
    dialedMs: 0,
    called: false,
    pending: [],
    saidBye: false,
    tookAll: false,
    lost: undefined,
    reported: false,
  };
}
