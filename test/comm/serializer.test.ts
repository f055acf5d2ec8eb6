import assert from "node:assert/strict";
import { useSerializer } from "../../src/comm/serializer.js";
import type { Serializer } from "../../src/comm/serializer.js";
import { init } from "../../src/comm/world.js";
import { realRanks, spmd } from "../spmd.js";

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }

  plus(other: Point): Point {
    return new Point(this.x + other.x, this.y + other.y);
  }
}

interface Counted {
  readonly serializer: Serializer;
  readonly used: { encoded: number; decoded: number };
}

/** JSON that knows points, and counts. */
function pointSerializer(name = "points"): Counted {
  const used = { encoded: 0, decoded: 0 };
  const write = (_: string, part: unknown): unknown =>
    part instanceof Point ? { point: [part.x, part.y] } : part;
  const read = (_: string, part: unknown): unknown =>
    typeof part === "object" && part !== null && "point" in part
      ? new Point(...(part.point as [number, number]))
      : part;
  const serializer: Serializer = {
    name,
    encode(value) {
      used.encoded++;
      return new TextEncoder().encode(JSON.stringify(value, write));
    },
    decode(bytes) {
      used.decoded++;
      return JSON.parse(new TextDecoder().decode(bytes), read) as unknown;
    },
  };
  return { serializer, used };
}

/** Virtual ranks share one. */
const shared = pointSerializer();

await spmd(
  "values travel by the serializer of the program, in messages and in every collective",
  async (comm) => {
    const { rank, size } = comm;
    const { used, serializer } = shared;
    useSerializer(serializer);
    try {
      const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
      await comm.send(new Point(rank, 1), next);
      const got = await comm.recv<Point>({ source: previous });
      assert.ok(got instanceof Point && got.x === previous);
      const large = Array.from({ length: 20_000 }, (_, i) => new Point(i, rank));
      const sent = comm.send({ large }, next);
      const received = await comm.recv<{ large: Point[] }>({ source: previous });
      await sent;
      assert.deepEqual(received.large[19_999], new Point(19_999, previous));
      for (const point of await comm.allgather(new Point(rank, 2))) assert.ok(point instanceof Point);
      assert.ok((await comm.bcast(rank === 0 ? new Point(3, 4) : undefined)) instanceof Point);
      const turned = await comm.alltoall(Array.from({ length: size }, (_, i) => new Point(rank, i)));
      turned.forEach((point, i) => assert.deepEqual(point, new Point(i, rank)));
      const gathered = await comm.gather(new Point(rank, 0), { root: size - 1 });
      assert.ok(gathered === undefined || gathered.every((point) => point instanceof Point));
      const op = { name: "plus", commute: true, combine: (a: Point, b: Point) => a.plus(b) };
      assert.deepEqual(
        await comm.allreduce(new Point(rank, 1), { op }),
        new Point((size * (size - 1)) / 2, size),
      );
      assert.ok(used.encoded > 0 && used.decoded > 0);
      await comm.barrier(); // virtual ranks share the serializer
      const before = used.encoded;
      await comm.allgather(Float64Array.of(rank));
      await comm.allgather({ plain: ["small", rank] });
      await comm.send(rank, next);
      await comm.recv({ source: previous });
      assert.equal(used.encoded, before);
      await comm.barrier();
    } finally {
      useSerializer(undefined);
    }
  },
);

await spmd(
  "a rank that has no such serializer is told which one it has",
  async (comm) => {
    const { rank } = comm;
    useSerializer(pointSerializer("mine").serializer);
    const sent = comm.send(new Map([[1, 2]]), rank);
    useSerializer(pointSerializer("yours").serializer);
    await assert.rejects(
      async () => comm.recv({ source: rank }),
      /another serializer, and this rank has "yours"/,
    );
    await sent;
    const again = comm.send(new Map([[1, 2]]), rank);
    useSerializer(undefined);
    await assert.rejects(async () => comm.recv({ source: rank }), /and this rank has none/);
    await again;
  },
  { sizes: [1] },
);

await spmd(
  "what encode throws, or returns instead of bytes, rejects the send; init checks what it is given",
  async (comm) => {
    const broken: Serializer = {
      name: "broken",
      encode: (value) => {
        if (value instanceof Set) return "text" as unknown as Uint8Array;
        throw new Error("cannot");
      },
      decode: () => undefined,
    };
    useSerializer(broken);
    await assert.rejects(async () => comm.send(new Map(), comm.rank), /cannot/);
    await assert.rejects(
      async () => comm.send(new Set(), comm.rank),
      /encode returned string; return a Uint8Array/,
    );
    await assert.rejects(async () => comm.allgather(new Map()), /cannot/);
    useSerializer(undefined);
    const none = { name: "none", encode: 1 } as unknown as Serializer;
    await assert.rejects(init({ serializer: none }), /serializer "none" has no function encode/);
    const misspelt: object = { serialiser: broken };
    await assert.rejects(init(misspelt), /did you mean "serializer"/);
  },
  { sizes: [1] },
);

await realRanks(import.meta.url);
