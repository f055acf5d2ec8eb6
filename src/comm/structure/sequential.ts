import type { Call } from "../collectives/call.js";
import { pack } from "../envelope.js";

const TOKEN = pack(new Uint8Array(0));

/** Runs `section` on one rank after the other, in rank order: each passes a token on when it is done. */
export async function sequential<T>(call: Call, section: () => T | PromiseLike<T>): Promise<T> {
  const { rank, size } = call;
  if (rank > 0) await call.receive(rank - 1);
  const result = await section();
  if (rank + 1 < size) await call.send(TOKEN, rank + 1);
  return result;
}
