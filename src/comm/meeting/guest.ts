import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../thrown.js";
import type { Boot } from "../boot.js";
import { dial, Pieces, StrangerError } from "../transports/tcp/handshake.js";
import { Channel } from "./channel.js";
import type { Place } from "./place.js";

const RETRY_MS = 100;
/** Rank 0 may have begun to wait so much later. */
const LATER_MS = 10_000;

/**
 * Comes to where rank 0 waits, which may not be there yet. Resolves once all have come, to what it says of the job.
 *
 * @throws {Error} If nobody is there within the time, or not all come, or a stranger is there.
 */
export async function come(place: Place): Promise<{ readonly boot: Boot; readonly channel: Channel }> {
  const { rank, address, port, limitMs } = place;
  const end = performance.now() + limitMs;
  for (;;) {
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true });
    try {
      const channel = await introduce(place, socket, end);
      return { boot: await hearBoot(place, channel), channel };
    } catch (error) {
      socket.destroy();
      if (error instanceof Final) throw new Error(`init: ${error.message}`, { cause: error });
      if (performance.now() > end)
        throw new Error(
          `init: rank ${rank} has met nobody at ${address}:${port} within ${limitMs / 1000} s (${messageOf(error)}): ` +
            "rank 0 has not come, or MASTER_ADDR or MASTER_PORT is another's; TSMPI_START_TIMEOUT=SECONDS waits longer",
          { cause: error },
        );
    }
    await delay(RETRY_MS);
  }
}

/** What another attempt does not mend. */
class Final extends Error {}

async function introduce(place: Place, socket: Socket, end: number): Promise<Channel> {
  const { rank, size, key, sealed, address, port } = place;
  const pieces = new Pieces(socket);
  socket.on("error", (error) => pieces.fail(error));
  const timer = setTimeout(
    () => socket.destroy(new Error("it does not answer")),
    Math.max(RETRY_MS, end - performance.now()),
  );
  try {
    const keys = await dial(socket, pieces, { rank, size, key, sealed }, 0);
    if (keys === "busy")
      throw new Final(
        `somebody else has come to ${address}:${port} as rank ${rank}; RANK differs for each process`,
      );
    socket.unref();
    return new Channel(socket, pieces, sealed ? keys : undefined);
  } catch (error) {
    if (!(error instanceof StrangerError)) throw error;
    throw new Final(
      `who answers at ${address}:${port} does not know this job's secret: TSMPI_SECRET_FILE and WORLD_SIZE are the same for ` +
        "all ranks, and MASTER_PORT is nobody else's",
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Rank 0 speaks when all have come, or when it gives up. */
async function hearBoot({ address, port, limitMs }: Place, channel: Channel): Promise<Boot> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Final(`rank 0 at ${address}:${port} says nothing`)),
      limitMs + LATER_MS,
    );
    const settle = (act: () => void): void => {
      clearTimeout(limit);
      act();
    };
    channel.listen({
      hear(message) {
        if (message.kind === "boot") settle(() => resolve(message.boot));
        if (message.kind === "failure") settle(() => reject(new Final(message.text)));
      },
      ended: () =>
        settle(() => reject(new Final(`rank 0 at ${address}:${port} has left before all had come`))),
    });
  });
}
