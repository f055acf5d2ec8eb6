import { crc32c } from "./crc32c.js";
import { ZarrFolder } from "./zarr-store.js";

/**
 * The folder of an array in shards, as the library sees it that writes chunks: it keeps them until {@link flush} makes files
 * of them, a shard each, with all its chunks and the index of where they are.
 *
 * @see https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
 */
export class ShardFolder extends ZarrFolder {
  readonly #metadata: Uint8Array;
  readonly #perShard: readonly number[];
  /** By shard, and in it by the number of the chunk in C order. */
  readonly #shards = new Map<string, Map<number, Uint8Array>>();

  /**
   * @param metadata - What it would be without shards.
   * @param perShard - Chunks of a shard along each axis.
   */
  constructor(folder: string, metadata: object, perShard: readonly number[]) {
    super(folder);
    this.#metadata = new TextEncoder().encode(JSON.stringify(metadata));
    this.#perShard = perShard;
  }

  protected override async bytesOf(key: string): Promise<Uint8Array | undefined> {
    if (key === "/zarr.json") return this.#metadata;
    const { shard, chunk } = this.#placeOf(key);
    return this.#shards.get(shard)?.get(chunk);
  }

  override async set(key: string, value: Uint8Array): Promise<void> {
    const { shard, chunk } = this.#placeOf(key);
    const chunks = this.#shards.get(shard) ?? new Map<number, Uint8Array>();
    this.#shards.set(shard, chunks.set(chunk, value));
  }

  /** Writes the shards. Local. */
  async flush(): Promise<void> {
    const count = this.#perShard.reduce((product, n) => product * n, 1);
    for (const [shard, chunks] of this.#shards) await super.set(shard, shardOf(chunks, count));
    this.#shards.clear();
  }

  /** Keys of chunks end in their coordinates, one for each axis, and for complex elements one that is 0. */
  #placeOf(key: string): { shard: string; chunk: number } {
    const coordinates = (/[\d/]+$/.exec(key)?.[0] ?? "").split("/").filter(Boolean).map(Number);
    const within = this.#perShard.reduce((place, n, axis) => place * n + (coordinates[axis] % n), 0);
    const shard = coordinates.map((c, axis) => Math.floor(c / (this.#perShard[axis] ?? 1)));
    return { shard: `/c/${shard.join("/")}`, chunk: within };
  }
}

const MISSING = 2n ** 64n - 1n;

/** Chunks one after the other, then where each begins and how long it is, and the checksum of that. */
function shardOf(chunks: ReadonlyMap<number, Uint8Array>, count: number): Uint8Array {
  const index = new BigUint64Array(2 * count).fill(MISSING);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let k = 0; k < count; k++) {
    const chunk = chunks.get(k);
    if (!chunk) continue; // beyond the ends of the array
    index.set([BigInt(bytes), BigInt(chunk.length)], 2 * k);
    parts.push(chunk);
    bytes += chunk.length;
  }
  const table = new Uint8Array(index.buffer);
  return Buffer.concat([...parts, table, new Uint8Array(Uint32Array.of(crc32c(table)).buffer)]);
}
