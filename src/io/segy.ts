import type { FileHandle } from "node:fs/promises";
import type { BlockSpace, BlockVector } from "../array/blocks.js";
import { isComplex } from "../array/dtype.js";
import { runs } from "../array/runs.js";
import { product } from "../array/shape.js";
import { checkOptions } from "../options.js";
import { agree, agreeInTurn } from "./agree.js";
import { replacing } from "./replacing.js";
import { readAt, readInto, withFile, writeAt } from "./file.js";
import { FILE_HEADER_BYTES, FORMATS, formatSegy, fromIbm, parseSegy, type SegyFormat, type SegyInfo, toIbm, TRACE_FIELDS, TRACE_HEADER_BYTES, type TraceField } from "./segy-format.js"; // prettier-ignore

const CHUNK_BYTES = 2 ** 22; // read or written at a time

/** The headers of a SEG-Y file. Local. @throws {Error} If it is none; names the file, the byte and what is wrong. */
export function readSegyInfo(path: string): Promise<SegyInfo> {
  return withFile(path, "r", (file) => infoOf(file, path));
}

/**
 * Reads the samples of the traces of a SEG-Y file into a space, each rank its own block and no more. Collective.
 *
 * @param space - Its last axis is the samples of a trace, the others the traces in the order of the file: [traces,
 *   samples], or [inlines, crosslines, samples] of a full volume.
 * @returns float32 from IBM and IEEE singles, float64 from doubles and 32-bit unsigned integers, else int32.
 * @throws {Error} On every rank, if it fails on one of them: also if the file has other numbers of traces or samples.
 */
export function readSegyBlock<V extends BlockVector<V>>(path: string, space: BlockSpace<V>): Promise<V> {
  return agreeInTurn(space.comm, "readSegyBlock", () =>
    withFile(path, "r", async (file) => {
      const info = await infoOf(file, path);
      checkTraces(info, path, [product(space.dims.slice(0, -1)), space.dims[space.dims.length - 1]], space);
      const { format, bigEndian } = info;
      const array = space.zeros(DTYPES[format]);
      const samples = space.localShape[space.localShape.length - 1];
      const from = space.localStart[space.localStart.length - 1];
      await forEachTrace(file, path, info, tracesOf(space), (view, trace) => {
        decode(view, TRACE_HEADER_BYTES + from * FORMATS[format].bytes, format, !bigEndian, array.local, trace * samples, samples); // prettier-ignore
      });
      return array;
    }),
  );
}

/**
 * Reads one field of the trace headers, for the traces of this rank's block. Collective.
 *
 * @param space - The traces in the order of the file: [traces], or [inlines, crosslines].
 * @returns int32.
 */
export function readSegyHeader<V extends BlockVector<V>>(
  path: string,
  field: TraceField,
  space: BlockSpace<V>,
): Promise<V> {
  if (!Object.hasOwn(TRACE_FIELDS, field))
    throw new RangeError(`readSegyHeader: field ${field}; use ${Object.keys(TRACE_FIELDS).join(", ")}`);
  return agreeInTurn(space.comm, "readSegyHeader", () =>
    withFile(path, "r", async (file) => {
      const info = await infoOf(file, path);
      checkTraces(info, path, [space.size, info.samples], space);
      const array = space.zeros("int32");
      const [byte, bytes] = TRACE_FIELDS[field];
      const whole = [...runs(space.dims, space.localStart, space.localShape)];
      await forEachTrace(file, path, info, whole, (view, trace) => {
        const at = byte - 1;
        array.local[trace] =
          bytes === 2 ? view.getInt16(at, !info.bigEndian) : view.getInt32(at, !info.bigEndian);
      });
      return array;
    }),
  );
}

export interface SegyOptions {
  /** µs from one sample to the next. Default 4000. */
  interval?: number;
  /** Default float32, IEEE. */
  format?: SegyFormat;
  /** Up to 3200 characters. */
  text?: string;
  /** Fields of the header of a trace, by its number in the file, from 0 on; `traceInFile` counts anyway. */
  header?: (trace: number) => Readonly<Partial<Record<TraceField, number>>>;
}

/**
 * Writes an array of traces, samples along its last axis, as a SEG-Y file: revision 1, big-endian; each rank its own
 * block. Collective. Integer formats take what fits into them, and cut the rest off.
 *
 * @throws {Error} On every rank, if it fails on one of them; nothing is left under `path` then but what was there.
 */
export async function writeSegy<V>(
  path: string,
  array: BlockVector<V>,
  options: SegyOptions = {},
): Promise<void> {
  const { interval = 4000, format = "float32", text = "C 1 tsmpi", header = () => ({}) } = options;
  const { space, local } = array;
  const { comm, dims, localStart, localShape } = space;
  const [samples, own, from] = [dims, localShape, localStart].map((lengths) => lengths[lengths.length - 1]);
  await replacing(path, "writeSegy", array, { interval, format, text }, async (partial) => {
    checkOptions("writeSegy", options, ["interval", "format", "text", "header"]);
    if (isComplex(array.dtype))
      throw new TypeError("writeSegy: traces are real; write real() and imag() of a complex array");
    if (samples < 1 || samples > 0xffff || interval > 0xffff)
      throw new RangeError(
        `writeSegy: ${samples} samples each ${interval} µs; revision 1 has 1 … 65535 of both`,
      );
    if (!Object.hasOwn(FORMATS, format))
      throw new RangeError(`writeSegy: format ${format}; use ${Object.keys(FORMATS).join(", ")}`);
    const { bytes } = FORMATS[format];
    const traceBytes = TRACE_HEADER_BYTES + samples * bytes;
    await agree(comm, "writeSegy", async () => {
      if (comm && comm.rank > 0) return;
      await withFile(partial, "w", async (file) => {
        await file.truncate(FILE_HEADER_BYTES + product(dims.slice(0, -1)) * traceBytes);
        await writeAt(file, formatSegy({ samples, interval, format, text }), 0);
      });
    });
    await agree(comm, "writeSegy", async () => {
      if (!space.primary) return;
      await withFile(partial, "r+", async (file) => {
        const headed = from === 0 ? TRACE_HEADER_BYTES : 0; // who has the first sample writes the header
        const view = new DataView(new ArrayBuffer(headed + own * bytes));
        for (const { global, local: first, length } of tracesOf(space)) {
          for (let k = 0; k < length; k++) {
            if (headed)
              writeHeader(view, { traceInFile: global + k + 1, samples, interval, ...header(global + k) });
            encode(view, headed, format, local.subarray((first + k) * own, (first + k + 1) * own));
            const start = FILE_HEADER_BYTES + (global + k) * traceBytes;
            const at = headed ? start : start + TRACE_HEADER_BYTES + from * bytes;
            await writeAt(file, new Uint8Array(view.buffer), at);
          }
        }
      });
    });
  });
}

async function infoOf(file: FileHandle, path: string): Promise<SegyInfo> {
  return parseSegy(await readAt(file, 0, FILE_HEADER_BYTES), (await file.stat()).size, path);
}

function checkTraces(
  { traces, samples }: SegyInfo,
  path: string,
  wanted: readonly [number, number],
  space: BlockSpace<unknown>,
): void {
  if (traces === wanted[0] && samples === wanted[1]) return;
  throw new RangeError(
    `${path} has ${traces} traces of ${samples} samples, the space is ${space.toString()}`,
  );
}

/** Runs of traces of which this rank has samples: number in the file, number in the block, how many. */
function tracesOf({ dims, localStart, localShape }: BlockSpace<unknown>) {
  const withoutSamples = (lengths: readonly number[]) => (lengths.length > 1 ? lengths.slice(0, -1) : [1]);
  if (product(localShape) === 0) return [];
  const start = dims.length > 1 ? localStart.slice(0, -1) : [0];
  return [...runs(withoutSamples(dims), start, withoutSamples(localShape))];
}

/** Visits traces, several of them read at a time. @param visit - Gets a view of the trace, and its number in the block. */
async function forEachTrace(
  file: FileHandle,
  path: string,
  { samples, format, dataOffset }: SegyInfo,
  traces: Iterable<{ global: number; local: number; length: number }>,
  visit: (view: DataView, trace: number) => void,
): Promise<void> {
  const bytes = TRACE_HEADER_BYTES + samples * FORMATS[format].bytes;
  const atOnce = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
  for (const { global, local, length } of traces) {
    for (let done = 0; done < length; done += atOnce) {
      const count = Math.min(atOnce, length - done);
      const chunk = new Uint8Array(count * bytes);
      await readInto(file, chunk, dataOffset + (global + done) * bytes, path);
      for (let k = 0; k < count; k++) visit(new DataView(chunk.buffer, k * bytes, bytes), local + done + k);
    }
  }
}

const DTYPES = {
  ibm: "float32",
  float32: "float32",
  float64: "float64",
  uint32: "float64",
  int8: "int32",
  int16: "int32",
  int32: "int32",
  uint8: "int32",
  uint16: "int32",
} as const;

type Get = (view: DataView, at: number, little: boolean) => number;
type Set = (view: DataView, at: number, value: number) => void;

const GET: Readonly<Record<SegyFormat, Get>> = {
  ibm: (view, at, little) => fromIbm(view.getInt32(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
  int8: (view, at) => view.getInt8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint8: (view, at) => view.getUint8(at),
  uint16: (view, at, little) => view.getUint16(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
};

const SET: Readonly<Record<SegyFormat, Set>> = {
  ibm: (view, at, value) => view.setUint32(at, toIbm(value)),
  float32: (view, at, value) => view.setFloat32(at, value),
  float64: (view, at, value) => view.setFloat64(at, value),
  int8: (view, at, value) => view.setInt8(at, value),
  int16: (view, at, value) => view.setInt16(at, value),
  int32: (view, at, value) => view.setInt32(at, value),
  uint8: (view, at, value) => view.setUint8(at, value),
  uint16: (view, at, value) => view.setUint16(at, value),
  uint32: (view, at, value) => view.setUint32(at, value),
};

function decode(
  view: DataView,
  at: number,
  format: SegyFormat,
  little: boolean,
  into: Float32Array | Float64Array | Int32Array,
  first: number,
  count: number,
): void {
  const get = GET[format];
  const { bytes } = FORMATS[format];
  for (let i = 0; i < count; i++) into[first + i] = get(view, at + i * bytes, little);
}

function encode(view: DataView, at: number, format: SegyFormat, samples: ArrayLike<number>): void {
  const set = SET[format];
  const { bytes } = FORMATS[format];
  for (let i = 0; i < samples.length; i++) set(view, at + i * bytes, samples[i]);
}

function writeHeader(view: DataView, fields: Readonly<Partial<Record<TraceField, number>>>): void {
  new Uint8Array(view.buffer, 0, TRACE_HEADER_BYTES).fill(0);
  for (const [name, [byte, bytes]] of Object.entries(TRACE_FIELDS)) {
    const value = fields[name as TraceField] ?? 0; // a name of the table
    if (bytes === 2) view.setInt16(byte - 1, value);
    else view.setInt32(byte - 1, value);
  }
}
