import assert from "node:assert/strict";
import { ANY_SOURCE, ANY_TAG, type Communicator } from "../../../src/comm/types.js";

/** How the messages of one round to one rank on one communicator are asked for. */
const WAYS = ["source and tag", "any source", "any tag", "mprobe", "probe"] as const;
const TAGS = 3;

interface Planned {
  readonly id: number;
  readonly source: number;
  readonly dest: number;
  readonly comm: number;
  readonly tag: number;
  readonly form: "small" | "eager" | "large" | "object" | "parts" | "synchronous" | "number";
  readonly length: number;
}
const FORMS: readonly Planned["form"][] = [
  ...(["small", "small", "small", "eager", "large", "object", "parts", "synchronous", "number"] as const),
];

/**
 * Random mixed traffic, which every rank derives from the seed, so that each knows what it must get: messages of all
 * kinds asked for in all ways, on several communicators, with collectives in flight around them. Nothing may be lost,
 * doubled, changed or overtaken. Collective.
 *
 * @returns Messages received by this rank.
 */
export async function traffic(world: Communicator, rounds: number, seed: number): Promise<number> {
  const half = await world.split(world.rank % 2);
  assert.ok(half !== undefined);
  const comms = [world, world.dup(), half];
  let received = 0;
  for (let round = 0; round < rounds; round++) {
    const random = generator(seed * 100_003 + round);
    const plan = draw(random, world.size, round);
    const ways = Array.from({ length: 3 * world.size }, () => WAYS[Math.floor(random() * WAYS.length)]);
    const sums = comms.map((comm, k) => comm.allreduce(Float64Array.of(comm.rank, k, round)));
    const all = world.allgather({ round, rank: world.rank });
    const receiving = comms.map((comm, k) => {
      const mine = plan.filter((m) => m.comm === k && m.dest === world.rank && reaches(m, world.rank));
      received += mine.length;
      return receive(comm, k, mine, ways[3 * world.rank + k], round);
    });
    const sends = plan
      .filter((message) => message.source === world.rank && reaches(message, world.rank))
      .map((message) =>
        comms[message.comm].send(payload(message, round), rankIn(message, message.dest), {
          tag: TAGS * (round % 1000) + message.tag,
          mode: message.form === "synchronous" ? "synchronous" : "standard",
        }),
      );
    await Promise.all(receiving);
    for (const sent of sends) await sent;
    for (const [k, sum] of sums.entries()) {
      const { size } = comms[k];
      assert.deepEqual([...(await sum)], [(size * (size - 1)) / 2, k * size, round * size]);
    }
    assert.deepEqual(
      await all,
      Array.from({ length: world.size }, (_, rank) => ({ round, rank })),
    );
  }
  for (const comm of comms) {
    await comm.barrier();
    assert.equal(comm.iprobe(), undefined, "a message too many");
  }
  comms[1].free();
  half.free();
  return received;
}

function draw(random: () => number, size: number, round: number): Planned[] {
  const pick = (n: number): number => Math.floor(random() * n);
  const count = round % 50 === 49 ? 2500 : pick(40); // now and then more than the credit
  return Array.from({ length: count }, (_, id) => ({
    id,
    source: pick(size),
    dest: pick(size),
    comm: pick(3),
    tag: pick(TAGS),
    form: count > 1000 ? "small" : FORMS[pick(FORMS.length)],
    length: pick(count > 1000 ? 4 : 9000),
  }));
}

/** The third communicator holds every other rank. */
function reaches({ comm, source, dest }: Planned, rank: number): boolean {
  return comm < 2 || (source % 2 === rank % 2 && dest % 2 === rank % 2);
}

function rankIn({ comm }: Planned, rank: number): number {
  return comm < 2 ? rank : (rank - (rank % 2)) / 2;
}

function payload({ id, source, form, length }: Planned, round: number): unknown {
  const mark = Float64Array.of(round, id, source);
  switch (form) {
    case "number":
      return round * 1e6 + id * 1e2 + source;
    case "object":
      return { mark, text: "x".repeat(length % 100) };
    case "parts":
      return { mark, data: new Float64Array(9000).fill(id), more: [new Uint8Array(length).fill(id)] };
    default: {
      const values = new Float64Array(
        3 + (form === "large" ? 9000 + length : form === "eager" ? length % 8000 : length % 6),
      );
      values.fill(id);
      values.set(mark);
      return values;
    }
  }
}

async function receive(
  comm: Communicator,
  k: number,
  expected: readonly Planned[],
  way: (typeof WAYS)[number],
  round: number,
): Promise<void> {
  const left = new Set(expected);
  const tag = (message: Planned): number => TAGS * (round % 1000) + message.tag;
  /** The next of those that a call can get; a rank's messages of one tag come in order, of any tag as well. */
  const arrived = (value: unknown, source: number, messageTag: number): void => {
    for (const message of left) {
      if (rankIn(message, message.source) !== source || tag(message) !== messageTag) continue;
      left.delete(message);
      return assert.deepEqual(value, payload(message, round), `round ${round}, ${way}, communicator ${k}`);
    }
    assert.fail(`round ${round}, ${way}: nothing was expected from rank ${source} with tag ${messageTag}`);
  };
  const selection = (message: Planned): { source: number; tag: number } => ({
    source: way === "any source" || way === "mprobe" ? ANY_SOURCE : rankIn(message, message.source),
    tag: way === "any tag" || way === "probe" ? ANY_TAG : tag(message),
  });
  if (way === "mprobe" || way === "probe") {
    for (const message of expected) {
      if (way === "mprobe") {
        const found = await comm.mprobe(selection(message));
        arrived(await found.recv(), found.status.source, found.status.tag);
      } else {
        const status = await comm.probe(selection(message));
        arrived(await comm.recv({ source: status.source, tag: status.tag }), status.source, status.tag);
      }
    }
  } else {
    const requests = expected.map((message) => comm.recv(selection(message)));
    for (const request of requests) {
      const value = await request;
      assert.ok(request.status !== undefined);
      arrived(value, request.status.source, request.status.tag);
    }
  }
  assert.equal(left.size, 0);
}

/** Uniform numbers in [0, 1). @see Steele, Lea & Flood, OOPSLA 2014 (SplitMix), doi:10.1145/2660193.2660195 */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let h = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
  };
}
