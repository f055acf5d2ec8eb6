import type { Communicator } from "tsmpi";
import type { Loop } from "./harness.js";
import { pattern, wrongBytes } from "./patterns.js";

const WINDOW = 64; // messages in flight, as in OSU
const ACKNOWLEDGEMENT = 1; // tag

/** Ping-pong of rank r with rank r + size / 2; half a round trip. With two ranks OSU's latency, with more multi_lat. */
export function latency(comm: Communicator, bytes: number): Loop {
  const { partner, starts } = pairOf(comm);
  const out = pattern(bytes, comm.rank);
  const into = new Uint8Array(bytes);
  return {
    perTurn: 2,
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        if (starts) await comm.send(out, partner);
        await comm.recv({ source: partner, into });
        if (!starts) await comm.send(out, partner);
      }
    },
    clear: () => into.fill(0),
    wrong: () => wrongBytes(into, partner),
  };
}

/** The same with an object that holds a text of so many characters. */
export function latencyObjects(comm: Communicator, bytes: number): Loop {
  const { partner, starts } = pairOf(comm);
  const out = { step: comm.rank, text: "x".repeat(bytes) };
  let last: typeof out | undefined;
  return {
    perTurn: 2,
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        if (starts) await comm.send(out, partner);
        last = await comm.recv<typeof out>({ source: partner });
        if (!starts) await comm.send(out, partner);
      }
    },
    clear: () => (last = undefined),
    wrong: () => (last?.step === partner && last.text === out.text ? 0 : 1),
  };
}

/** Windows of messages from rank r to rank r + size / 2, each acknowledged. Two ranks: OSU's bw; more: mbw_mr. */
export function bandwidth(comm: Communicator, bytes: number): Loop {
  const { partner, starts } = pairOf(comm);
  const out = pattern(bytes, comm.rank);
  const into = new Uint8Array(bytes);
  const acknowledgement = new Uint8Array(4);
  return {
    perTurn: WINDOW * (comm.size / 2),
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        if (starts) {
          await all(() => comm.send(out, partner));
          await comm.recv({ source: partner, tag: ACKNOWLEDGEMENT, into: acknowledgement });
        } else {
          await all(() => comm.recv({ source: partner, tag: 0, into }));
          await comm.send(acknowledgement, partner, { tag: ACKNOWLEDGEMENT });
        }
      }
    },
    clear: () => into.fill(0),
    wrong: () => (starts ? 0 : wrongBytes(into, partner)),
  };
}

/** Windows of messages both ways at once. */
export function bothWays(comm: Communicator, bytes: number): Loop {
  const { partner } = pairOf(comm);
  const out = pattern(bytes, comm.rank);
  const into = new Uint8Array(bytes);
  return {
    perTurn: 2 * WINDOW,
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        const received = all(() => comm.recv({ source: partner, into }));
        await all(() => comm.send(out, partner));
        await received;
      }
    },
    clear: () => into.fill(0),
    wrong: () => wrongBytes(into, partner),
  };
}

/** Starts a window of messages, and waits for all of them. */
async function all(start: () => PromiseLike<unknown>): Promise<void> {
  const requests: PromiseLike<unknown>[] = [];
  for (let k = 0; k < WINDOW; k++) requests.push(start());
  for (const request of requests) await request;
}

function pairOf({ rank, size }: Communicator): { partner: number; starts: boolean } {
  return { partner: (rank + size / 2) % size, starts: rank < size / 2 };
}
