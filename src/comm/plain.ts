/**
 * Small plain values (texts, numbers, booleans, null, and arrays and objects of them) as a few bytes, in a fraction of
 * the time that the serializer of V8 takes, which is made for large ones:
 *
 *   text     [ TEXT or WIDE ] [ length, 2 bytes ] [ a byte, or two, a character ]
 *   number   [ NUMBER ] [ float64 ]
 *   array    [ ARRAY ] [ length, 2 bytes ] [ elements ]
 *   object   [ OBJECT ] [ number of keys, 2 bytes ] [ key, a text; value ] …
 *
 * All little-endian. What else can be cloned is left to the serializer: instances of classes, typed arrays, holes,
 * bigints, values that hold one object twice, and what is longer than {@link PLAIN_BYTES}.
 */
const Tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  wide: 6,
  array: 7,
  object: 8,
} as const;

/** Longest encoding. */
export const PLAIN_BYTES = 4096;
const TEXT_MAX = 1024;
const OBJECTS_MAX = 32;
const SLAB_BYTES = 64 * 1024;

const number = new Float64Array(1);
const numberBytes = new Uint8Array(number.buffer);

/** The bytes of a value if it is plain and small; they stay as they are. Local. */
export function encodePlain(value: unknown): Uint8Array | undefined {
  return writer.write(value);
}

/** Inverse of {@link encodePlain}. @throws {RangeError} If these are no such bytes. */
export function decodePlain(bytes: Uint8Array): unknown {
  return reader.read(bytes);
}

/** Encodes value after value into memory that it never writes twice, so that what it returns can be kept. */
class Writer {
  #slab = new Uint8Array(SLAB_BYTES);
  #start = 0;
  #at = 0;
  #end = 0;
  /** Objects of the value that is being written: one that comes twice is not plain. */
  readonly #seen: object[] = [];
  #objects = 0;

  write(value: unknown): Uint8Array | undefined {
    if (this.#start + PLAIN_BYTES > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#start = 0;
    }
    this.#at = this.#start;
    this.#end = this.#start + PLAIN_BYTES;
    const isPlain = this.#value(value);
    for (let i = 0; i < this.#objects; i++) this.#seen[i] = Writer; // holds on to nothing of the user's
    this.#objects = 0;
    if (!isPlain) return undefined;
    const encoded = new Uint8Array(this.#slab.buffer, this.#start, this.#at - this.#start);
    this.#start = (this.#at + 7) & ~7;
    return encoded;
  }

  #value(value: unknown): boolean {
    switch (typeof value) {
      case "number":
        return this.#number(value);
      case "string":
        return this.#text(value);
      case "boolean":
        return this.#tag(value ? Tag.true : Tag.false, 1);
      case "undefined":
        return this.#tag(Tag.undefined, 1);
      case "object":
        return value === null ? this.#tag(Tag.null, 1) : this.#object(value);
      default:
        return false;
    }
  }

  /** Writes a tag, if it and what follows it have room. */
  #tag(tag: number, bytes: number): boolean {
    if (this.#at + bytes > this.#end) return false;
    this.#slab[this.#at++] = tag;
    return true;
  }

  #length(length: number): void {
    this.#slab[this.#at++] = length;
    this.#slab[this.#at++] = length >> 8;
  }

  #number(value: number): boolean {
    if (!this.#tag(Tag.number, 9)) return false;
    number[0] = value;
    for (let i = 0; i < 8; i++) this.#slab[this.#at + i] = numberBytes[i];
    this.#at += 8;
    return true;
  }

  #text(text: string): boolean {
    const { length } = text;
    if (length > TEXT_MAX || !this.#tag(Tag.text, 3 + length)) return false;
    const start = this.#at;
    this.#length(length);
    const slab = this.#slab;
    let at = this.#at;
    for (let i = 0; i < length; i++) {
      const character = text.charCodeAt(i);
      if (character > 0xff) return this.#wide(text, start);
      slab[at++] = character;
    }
    this.#at = at;
    return true;
  }

  #wide(text: string, start: number): boolean {
    if (start + 2 + 2 * text.length > this.#end) return false;
    this.#slab[start - 1] = Tag.wide;
    this.#at = start + 2;
    for (let i = 0; i < text.length; i++) this.#length(text.charCodeAt(i));
    return true;
  }

  #object(value: object): boolean {
    for (let i = 0; i < this.#objects; i++) if (this.#seen[i] === value) return false;
    if (this.#objects === OBJECTS_MAX) return false;
    this.#seen[this.#objects++] = value;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#fields(value as Readonly<Record<string, unknown>>);
    return prototype === Array.prototype && this.#elements(value as readonly unknown[]);
  }

  #fields(value: Readonly<Record<string, unknown>>): boolean {
    const keys = Object.keys(value);
    if (!this.#tag(Tag.object, 3)) return false;
    this.#length(keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key === "__proto__" || !this.#text(key) || !this.#value(value[key])) return false;
    }
    return true;
  }

  #elements(value: readonly unknown[]): boolean {
    const { length } = value;
    if (length > PLAIN_BYTES || !isDense(value) || !this.#tag(Tag.array, 3)) return false;
    this.#length(length);
    for (let i = 0; i < length; i++) if (!this.#value(value[i])) return false;
    return true;
  }
}

/** Whether the keys of an array are all its indices: there are no holes, and nothing else is attached to it. */
function isDense(array: readonly unknown[]): boolean {
  const keys = Object.keys(array); // indices come first, in order
  return (
    keys.length === array.length && (keys.length === 0 || keys[keys.length - 1] === `${array.length - 1}`)
  );
}

/** Short texts that were read last: keys come again and again, and comparing bytes is cheaper than making a string. */
const REMEMBERED = 64;
const REMEMBERED_LENGTH = 32;

class Reader {
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  readonly #texts: string[] = new Array<string>(REMEMBERED).fill("");

  read(bytes: Uint8Array): unknown {
    this.#bytes = bytes;
    this.#at = 0;
    try {
      const value = this.#value();
      if (this.#at !== bytes.length)
        throw new RangeError(`plain: ${bytes.length} bytes, ${this.#at} of them used`);
      return value;
    } finally {
      this.#bytes = NOTHING;
    }
  }

  #value(): unknown {
    const tag = this.#bytes[this.#at++];
    switch (tag) {
      case Tag.number:
        return this.#number();
      case Tag.text:
        return this.#text();
      case Tag.wide:
        return this.#wide();
      case Tag.object:
        return this.#object();
      case Tag.array:
        return this.#array();
      case Tag.undefined:
        return undefined;
      case Tag.null:
        return null;
      case Tag.false:
        return false;
      case Tag.true:
        return true;
      default:
        throw new RangeError(`plain: tag ${tag}; are all ranks of one version?`);
    }
  }

  #length(): number {
    const length = this.#bytes[this.#at] | (this.#bytes[this.#at + 1] << 8);
    this.#at += 2;
    return length;
  }

  #number(): number {
    for (let i = 0; i < 8; i++) numberBytes[i] = this.#bytes[this.#at + i];
    this.#at += 8;
    return number[0];
  }

  #text(): string {
    const length = this.#length();
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError(`plain: a text of ${length} bytes is cut off`);
    if (length > REMEMBERED_LENGTH) return this.#string(start, length);
    const bytes = this.#bytes;
    let hash = length;
    for (let i = 0; i < length; i++) hash = (hash * 31 + bytes[start + i]) | 0;
    const known = this.#texts[hash & (REMEMBERED - 1)];
    if (this.#holds(known, start, length)) return known;
    return (this.#texts[hash & (REMEMBERED - 1)] = this.#string(start, length));
  }

  #holds(text: string, start: number, length: number): boolean {
    if (text.length !== length) return false;
    for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== this.#bytes[start + i]) return false;
    return true;
  }

  #string(start: number, length: number): string {
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + start, length).toString("latin1");
  }

  #wide(): string {
    const length = this.#length();
    const units = Array.from({ length }, () => this.#length());
    return String.fromCharCode(...units);
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let left = this.#length(); left > 0; left--) {
      const isText = this.#bytes[this.#at++] === Tag.text;
      const key = isText ? this.#text() : this.#wide();
      object[key] = this.#value();
    }
    return object;
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    for (let left = this.#length(); left > 0; left--) array.push(this.#value());
    return array;
  }
}

const NOTHING = new Uint8Array(0);
const writer = new Writer();
const reader = new Reader();
