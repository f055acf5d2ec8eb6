import type { Into, RecvOptions, Request, SendOptions, SendRecvOptions, TypedArray } from "../types.js";

/** Messages between two ranks. */
export interface PointToPoint {
  send(value: unknown, dest: number, options?: SendOptions): Request;
  /** Resolves to the value; with `into`, to the part of `into` that was filled. */
  recv<A extends TypedArray>(options: RecvOptions & Into<A>): Request<A>;
  recv<T = unknown>(options?: RecvOptions): Request<T>;
  sendrecv<A extends TypedArray>(value: unknown, options: SendRecvOptions & Into<A>): Request<A>;
  sendrecv<T = unknown>(value: unknown, options: SendRecvOptions): Request<T>;
}
