import { pack } from "../envelope.js";
import type { Call } from "./call.js";

const TOKEN = pack(new Uint8Array(0));

/**
 * Returns on no rank before every rank has called it. Collective.
 *
 * Dissemination: in round k every rank tells the rank 2ᵏ further on; ⌈log₂ size⌉ rounds of empty messages.
 *
 * @see Hensgen, Finkel & Manber, Int. J. Parallel Programming 17(1), 1988, doi:10.1007/BF01379320
 */
export async function barrier(call: Call): Promise<void> {
  const { rank, size } = call;
  for (let distance = 1; distance < size; distance *= 2) {
    const told = call.send(TOKEN, (rank + distance) % size);
    await call.receive((rank - distance + size) % size);
    await told;
  }
}
