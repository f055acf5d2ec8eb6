import type { FileHandle } from "node:fs/promises";
import { inflateSync } from "fflate";
import { readAt, readInto } from "./file.js";
import { malformed } from "./elements.js";

/** A file in an archive. */
export interface ZipMember {
  readonly name: string;
  /** 0: stored as it is; 8: deflated. */
  readonly method: number;
  /** Bytes in the archive, and where they begin. */
  readonly bytes: number;
  readonly offset: number;
  /** Of the bytes as they were before they were deflated. */
  readonly crc: number;
}

const END = { signature: 0x06054b50, bytes: 22 };
const END64 = { signature: 0x06064b50, bytes: 56 };
const LOCATOR64 = { signature: 0x07064b50, bytes: 20 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const LONGEST_COMMENT = 0xffff;
const IN_EXTRA = 0xffffffff; // of a 32-bit field whose value is in the Zip64 extra

/**
 * The members of a zip archive, of which nothing but its directory is read. Local.
 *
 * @throws {Error} If it is no archive, or ends too early.
 * @see PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3
 */
export async function zipMembers(file: FileHandle, path: string): Promise<ZipMember[]> {
  const { size } = await file.stat();
  const tailStart = Math.max(0, size - END.bytes - LONGEST_COMMENT);
  const tail = await viewOf(file, path, tailStart, size - tailStart);
  let at = tail.byteLength - END.bytes;
  while (at >= 0 && tail.getUint32(at, true) !== END.signature) at--;
  if (at < 0) throw malformed(path, size, "no directory at the end; is it a zip archive?");
  const { start, bytes, count } = await directoryOf(file, path, tail, tailStart, at);
  const directory = await viewOf(file, path, start, bytes);
  const members: ZipMember[] = [];
  for (let entry = 0; members.length < count;) {
    expect(directory, entry, ENTRY, path, start);
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(entry + field, true));
    const [compressed, offset] = sizesOf(directory, entry, entry + ENTRY.bytes + name, extra);
    members.push({
      name: textOf(directory, entry + ENTRY.bytes, name),
      method: directory.getUint16(entry + 10, true),
      crc: directory.getUint32(entry + 16, true),
      bytes: compressed,
      offset: await dataOffset(file, path, offset),
    });
    entry += ENTRY.bytes + name + extra + comment;
  }
  return members;
}

/**
 * The bytes of a member, unpacked. Local.
 *
 * @throws {Error} If the file is too short, or they are not those that were packed.
 */
export async function readMember(file: FileHandle, path: string, member: ZipMember): Promise<Uint8Array> {
  const { name, method, bytes, offset, crc } = member;
  const packed = new Uint8Array(bytes);
  await readInto(file, packed, offset, path);
  if (method !== 0 && method !== 8)
    throw malformed(path, offset, `${name} is packed by method ${method}; 0 and 8 (deflate) are known`);
  let unpacked: Uint8Array;
  try {
    unpacked = method === 0 ? packed : inflateSync(packed);
  } catch (cause) {
    throw new Error(`${path}:${name} (${bytes} bytes) cannot be unpacked: ${String(cause)}`, { cause });
  }
  const found = crc32(unpacked);
  if (found !== crc)
    throw malformed(
      path,
      offset,
      `${name} has the checksum 0x${found.toString(16)}, the archive says 0x${crc.toString(16)}`,
    );
  return unpacked;
}

/** @see ISO 3309, section 8.1.1.6.2 */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

async function directoryOf(file: FileHandle, path: string, tail: DataView, tailStart: number, at: number) {
  const [count, bytes, start] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)]; // prettier-ignore
  if (start !== IN_EXTRA && bytes !== IN_EXTRA && count !== 0xffff) return { start, bytes, count };
  const locator = await viewOf(file, path, tailStart + at - LOCATOR64.bytes, LOCATOR64.bytes);
  expect(locator, 0, LOCATOR64, path, tailStart + at - LOCATOR64.bytes);
  const where = Number(locator.getBigUint64(8, true));
  const end = await viewOf(file, path, where, END64.bytes);
  expect(end, 0, END64, path, where);
  const [entries, length, first] = [32, 40, 48].map((field) => Number(end.getBigUint64(field, true)));
  return { start: first, bytes: length, count: entries };
}

/** Compressed bytes, and where the local header is: from the Zip64 extra where they do not fit into 32 bits. */
function sizesOf(directory: DataView, entry: number, extraAt: number, extraBytes: number): [number, number] {
  const fields = [24, 20, 42].map((field) => directory.getUint32(entry + field, true)); // uncompressed, compressed, offset
  for (let at = extraAt; at + 4 <= extraAt + extraBytes;) {
    const [id, length] = [directory.getUint16(at, true), directory.getUint16(at + 2, true)];
    if (id === 1) {
      let value = at + 4;
      fields.forEach((field, k) => {
        if (field !== IN_EXTRA) return;
        fields[k] = Number(directory.getBigUint64(value, true));
        value += 8;
      });
    }
    at += 4 + length;
  }
  return [fields[1], fields[2]];
}

/** Where the bytes of a member begin: behind its local header, which has a name and extras of its own. */
async function dataOffset(file: FileHandle, path: string, offset: number): Promise<number> {
  const header = await viewOf(file, path, offset, LOCAL.bytes);
  expect(header, 0, LOCAL, path, offset);
  return offset + LOCAL.bytes + header.getUint16(26, true) + header.getUint16(28, true);
}

async function viewOf(file: FileHandle, path: string, start: number, bytes: number): Promise<DataView> {
  const read = start < 0 ? new Uint8Array(0) : await readAt(file, start, bytes);
  if (read.length < bytes)
    throw malformed(
      path,
      Math.max(0, start),
      `${bytes} bytes of the directory are expected, the file has ${read.length}`,
    );
  return new DataView(read.buffer, read.byteOffset, read.byteLength);
}

function expect(
  view: DataView,
  at: number,
  { signature, bytes }: typeof END,
  path: string,
  start: number,
): void {
  if (at + bytes <= view.byteLength && view.getUint32(at, true) === signature) return;
  throw malformed(
    path,
    start + at,
    `no 0x${signature.toString(16)} where the directory of the archive has it`,
  );
}

function textOf(view: DataView, at: number, bytes: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, bytes));
}
