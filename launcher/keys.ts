import { randomBytes } from "node:crypto";
import type * as zmq from "zeromq";
import type { KeyPair } from "../src/comm/transports/zmq/curve.js";
import { requireNative } from "../src/native.js";

/** By what an agent's connection is known to the launcher: none of it is known to anyone else, other agents included. */
export interface Invitation {
  /** Name of the connection. Keys say only that someone was invited, the name says who. */
  readonly name: string;
  /** The agent's own keys. */
  readonly keys: KeyPair;
  /** The launcher's public key. */
  readonly serverKey: string;
}

/** By what the ranks of a job know each other. */
export interface RankKeys {
  /** For ZeroMQ, and a sign that messages are to be encrypted; `undefined` with --no-encrypt. */
  readonly curve: KeyPair | undefined;
  /** Secret in hex. */
  readonly key: string;
}

/** Makes a CURVE key pair. Local. */
export function newKeys(): KeyPair {
  return requireNative<typeof zmq>("zeromq").curveKeyPair();
}

/** Makes the keys of a job's ranks. Local. */
export function newRankKeys(encrypt: boolean): RankKeys {
  return { curve: encrypt ? newKeys() : undefined, key: secret(32) };
}

/** Makes the keys of one more agent. Local. */
export function invite(serverKey: string): Invitation {
  return { name: secret(16), keys: newKeys(), serverKey };
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
