import { malformed } from "./elements.js";

/**
 * The layout of SEG-Y files: 3200 bytes of text, 400 of binary header, then traces, each a header of 240 bytes and its
 * samples.
 *
 * @see SEG Technical Standards Committee, SEG-Y rev 2.0, January 2017, and rev 1, May 2002; https://library.seg.org
 */
export interface SegyInfo {
  /** Traces in the file, and samples in each of them. */
  readonly traces: number;
  readonly samples: number;
  /** µs from one sample to the next. */
  readonly interval: number;
  readonly format: SegyFormat;
  readonly bigEndian: boolean;
  /** Major and minor number, such as 1.0. */
  readonly revision: string;
  /** 40 lines of 80 characters, from EBCDIC or ASCII. */
  readonly text: string;
  /** Where the first trace begins in the file, in bytes. */
  readonly dataOffset: number;
}

export type SegyFormat =
  "ibm" | "float32" | "float64" | "int8" | "int16" | "int32" | "uint8" | "uint16" | "uint32";

export const TEXT_BYTES = 3200;
export const FILE_HEADER_BYTES = 3600;
export const TRACE_HEADER_BYTES = 240;

interface Code {
  readonly code: number;
  readonly bytes: number;
}

/** Number in the binary header, and bytes of a sample. */
export const FORMATS: Readonly<Record<SegyFormat, Code>> = {
  ibm: { code: 1, bytes: 4 },
  int32: { code: 2, bytes: 4 },
  int16: { code: 3, bytes: 2 },
  float32: { code: 5, bytes: 4 },
  float64: { code: 6, bytes: 8 },
  int8: { code: 8, bytes: 1 },
  uint32: { code: 10, bytes: 4 },
  uint16: { code: 11, bytes: 2 },
  uint8: { code: 16, bytes: 1 },
};

/** Where a field of a trace header is: its first byte, counted from 1 as in the standard, and how many it has. */
export const TRACE_FIELDS = {
  traceInLine: [1, 4],
  traceInFile: [5, 4],
  fieldRecord: [9, 4],
  traceInRecord: [13, 4],
  sourcePoint: [17, 4],
  ensemble: [21, 4],
  traceInEnsemble: [25, 4],
  offset: [37, 4],
  receiverElevation: [41, 4],
  sourceElevation: [45, 4],
  sourceDepth: [49, 4],
  elevationScale: [69, 2],
  coordinateScale: [71, 2],
  sourceX: [73, 4],
  sourceY: [77, 4],
  receiverX: [81, 4],
  receiverY: [85, 4],
  delay: [109, 2],
  samples: [115, 2],
  interval: [117, 2],
  ensembleX: [181, 4],
  ensembleY: [185, 4],
  inline: [189, 4],
  crossline: [193, 4],
  shotPoint: [197, 4],
} as const satisfies Readonly<Record<string, readonly [byte: number, bytes: 2 | 4]>>;

export type TraceField = keyof typeof TRACE_FIELDS;

/**
 * Decodes the headers of a file.
 *
 * @param head - Its first 3600 bytes.
 * @param fileBytes - Its length.
 * @throws {Error} If it is no SEG-Y file with traces of equal length, or ends within a trace.
 */
export function parseSegy(head: Uint8Array, fileBytes: number, path: string): SegyInfo {
  if (head.length < FILE_HEADER_BYTES)
    throw malformed(path, head.length, `the file ends within the ${FILE_HEADER_BYTES} bytes of its headers`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const bigEndian = !isLittleEndian(view);
  const u16 = (byte: number) => view.getUint16(byte - 1, !bigEndian);
  const code = u16(3225);
  const entry = Object.entries(FORMATS).find(([, known]) => known.code === code);
  if (!entry) {
    const known = Object.entries(FORMATS).map(([name, known]) => `${known.code} (${name})`);
    throw malformed(path, 3224, `sample format ${code}; known are ${known.join(", ")}`);
  }
  const format = entry[0] as SegyFormat; // a name of the table
  const major = head[3500];
  const samples = (major >= 2 && view.getUint32(3268, !bigEndian)) || u16(3221);
  const extended = major >= 1 ? view.getInt16(3504, !bigEndian) : 0;
  if (samples === 0) throw malformed(path, 3220, "the header gives 0 samples a trace");
  if (extended < 0)
    throw malformed(path, 3504, "a variable number of extended headers; only a fixed one can be read");
  const dataOffset = FILE_HEADER_BYTES + extended * TEXT_BYTES;
  const traceBytes = TRACE_HEADER_BYTES + samples * FORMATS[format].bytes;
  const traces = Math.floor(Math.max(0, fileBytes - dataOffset) / traceBytes);
  if (fileBytes !== dataOffset + traces * traceBytes) {
    const rest = fileBytes - dataOffset - traces * traceBytes;
    throw malformed(
      path,
      dataOffset + traces * traceBytes,
      `${traces} traces of ${traceBytes} bytes (${samples} samples of ${format}) leave ${rest} bytes; ` +
        "the file is cut, or its traces differ in length",
    );
  }
  const revision = `${major}.${head[3501]}`;
  return {
    traces,
    samples,
    interval: u16(3217),
    format,
    bigEndian,
    revision,
    text: textOf(head),
    dataOffset,
  };
}

/** The headers of a file, big-endian, revision 1.0. */
export function formatSegy(info: Pick<SegyInfo, "samples" | "interval" | "format" | "text">): Uint8Array {
  const head = new Uint8Array(FILE_HEADER_BYTES);
  head.set(new TextEncoder().encode(info.text.padEnd(TEXT_BYTES).slice(0, TEXT_BYTES)));
  const view = new DataView(head.buffer);
  view.setUint16(3216, info.interval);
  view.setUint16(3220, info.samples);
  view.setUint16(3224, FORMATS[info.format].code);
  view.setUint16(3500, 0x0100);
  view.setUint16(3502, 1); // all traces have as many samples
  return head;
}

/** Revision 2 has a constant that tells; before, the format code must make sense in one of the two orders. */
function isLittleEndian(view: DataView): boolean {
  const constant = view.getUint32(3296);
  if (constant === 0x01020304 || constant === 0x04030201) return constant === 0x04030201;
  const [big, little] = [view.getUint16(3224), view.getUint16(3224, true)];
  return (big === 0 || big > 255) && little > 0 && little <= 255;
}

function textOf(head: Uint8Array): string {
  const bytes = head.subarray(0, TEXT_BYTES);
  const ebcdic = bytes.includes(0x40) && !bytes.includes(0x20); // where one has spaces
  return Array.from(bytes, (byte) => (ebcdic ? EBCDIC[byte] : String.fromCharCode(byte))).join("");
}

/** Code page 037: letters, digits and the punctuation of headers; other characters as dots. */
const EBCDIC: readonly string[] = ebcdicTable();

function ebcdicTable(): string[] {
  const table = new Array<string>(256).fill(".");
  const put = (from: number, text: string) =>
    [...text].forEach((character, i) => (table[from + i] = character));
  put(0x40, " ");
  put(0x4b, ".<(+|&");
  put(0x5a, "!$*);^-/");
  put(0x6b, ",%_>?");
  put(0x7a, ":#@'=\"");
  put(0x81, "abcdefghi");
  put(0x91, "jklmnopqr");
  put(0xa2, "stuvwxyz");
  put(0xc1, "ABCDEFGHI");
  put(0xd1, "JKLMNOPQR");
  put(0xe2, "STUVWXYZ");
  put(0xf0, "0123456789");
  return table;
}

/** The value of an IBM System/360 single: sign, 7 bits of exponent to base 16 with excess 64, 24 bits of fraction. */
export function fromIbm(bits: number): number {
  const fraction = bits & 0x00ffffff;
  const exponent = (bits >>> 24) & 0x7f;
  return (bits < 0 || bits > 0x7fffffff ? -1 : 1) * fraction * 16 ** (exponent - 70);
}

/** The nearest IBM single; those too large become the largest, those too small 0. */
export function toIbm(value: number): number {
  if (value === 0 || Number.isNaN(value)) return 0;
  const sign = value < 0 ? 0x80000000 : 0;
  const size = Math.abs(value);
  let exponent = Math.ceil(Math.log2(size) / 4); // 16^(exponent − 1) ≤ size ≤ 16^exponent, up to rounding
  let fraction = Math.round(size * 16 ** (6 - exponent));
  if (fraction >= 2 ** 24) fraction = Math.round(size * 16 ** (6 - ++exponent));
  if (fraction < 2 ** 20) fraction = Math.round(size * 16 ** (6 - --exponent));
  if (exponent > 63) return (sign | 0x7fffffff) >>> 0;
  if (exponent < -64) return sign;
  return (sign | ((exponent + 64) << 24) | fraction) >>> 0;
}
