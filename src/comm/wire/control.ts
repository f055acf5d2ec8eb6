import { Builder, ByteBuffer } from "flatbuffers";
import { type Codec, codecs } from "./codecs.js";
import * as wire from "./generated/control_generated.js";
import type { ControlMessage } from "./messages.js";

/** Encodes a message as one FlatBuffer. Local. */
export function encode(message: ControlMessage): Uint8Array {
  const builder = new Builder(256);
  const codec: Codec<ControlMessage> = codecs[message.kind];
  const table = codec.write(builder, message);
  wire.Message.startMessage(builder);
  codec.attach(builder, table);
  builder.finish(wire.Message.endMessage(builder));
  return builder.asUint8Array();
}

const ALL: readonly Codec<ControlMessage>[] = Object.values(codecs);

/**
 * Decodes one message. Local.
 *
 * @throws {RangeError} If the bytes are not a control message.
 */
export function decode(encoded: Uint8Array): ControlMessage {
  // A copy: FlatBuffers reads vectors of numbers in place, which needs aligned memory.
  const table = wire.Message.getRootAsMessage(new ByteBuffer(new Uint8Array(encoded)));
  for (const codec of ALL) {
    const message = codec.read(table);
    if (message !== undefined) return message;
  }
  throw new RangeError(`control: ${encoded.length} bytes are no known message; use one version of tsmpi`);
}
