import { type DType, isComplex } from "../array/dtype.js";

export type ZarrCodec = "none" | "gzip" | "zstd" | "lz4" | "blosc";

/** The types of Zarr version 2; version 3 has the names of dtypes. */
const DESCR: Readonly<Record<DType, string>> = {
  float32: "<f4",
  float64: "<f8",
  complex64: "<c8",
  complex128: "<c16",
  int32: "<i4",
};

type Config = Readonly<Record<string, string | number | boolean | undefined>>;

/** Names and configurations in version 3. The encoder of blosc at hand does not shuffle bytes. */
const CODECS: Readonly<
  Record<Exclude<ZarrCodec, "none">, { readonly name: string; readonly configuration: Config }>
> = {
  gzip: { name: "gzip", configuration: { level: 5 } },
  zstd: { name: "zstd", configuration: { level: 3, checksum: false } },
  lz4: { name: "numcodecs.lz4", configuration: { acceleration: 1 } },
  blosc: { name: "blosc", configuration: { cname: "lz4", clevel: 5, shuffle: "noshuffle", blocksize: 0 } },
};

/** Names of codecs, in words. */
export const ZARR_CODECS = `none, ${Object.keys(CODECS).join(", ")}`;

export function isCodec(name: string): boolean {
  return name === "none" || Object.hasOwn(CODECS, name);
}

/**
 * The file with the metadata of an array, and what is in it.
 *
 * @param shards - Lengths of a shard of several chunks; version 3 only.
 */
export function metadataOf(
  version: 2 | 3,
  shape: readonly number[],
  dtype: DType,
  chunks: readonly number[],
  codec: ZarrCodec,
  shards?: readonly number[],
): [file: string, metadata: object] {
  const fill = isComplex(dtype) ? [0, 0] : 0;
  const compressor = codec === "none" ? undefined : CODECS[codec];
  if (version === 3) {
    const bytes = { name: "bytes", configuration: { endian: "little" } };
    const codecs = [bytes, ...(compressor ? [compressor] : [])];
    const sharding = {
      name: "sharding_indexed",
      configuration: {
        chunk_shape: chunks,
        codecs,
        index_codecs: [bytes, { name: "crc32c" }],
        index_location: "end",
      },
    };
    return [
      "zarr.json",
      {
        zarr_format: 3,
        node_type: "array",
        shape,
        data_type: dtype,
        chunk_grid: { name: "regular", configuration: { chunk_shape: shards ?? chunks } },
        chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
        fill_value: fill,
        codecs: shards ? [sharding] : codecs,
        attributes: {},
      },
    ];
  }
  const { shuffle, ...configuration }: Config = { ...compressor?.configuration, checksum: undefined }; // which old readers refuse
  const v2 = compressor && { id: codec, ...configuration, ...(shuffle !== undefined && { shuffle: 0 }) };
  return [
    ".zarray",
    { zarr_format: 2, shape, chunks, dtype: DESCR[dtype], compressor: v2 ?? null, fill_value: fill, order: "C", filters: null }, // prettier-ignore
  ];
}
