import type { Sink, Transport } from "../../../src/comm/transports/transport.js";

export interface Received {
  readonly source: number;
  readonly header: Int32Array;
  readonly bytes: Uint8Array;
}

/** A rank without an engine: keeps what arrives in order of arrival. */
export class Rank<T extends Transport> implements Sink {
  readonly inbox: Received[] = [];
  readonly losses: { peer: number; reason: Error }[] = [];
  #transport: T | undefined;

  get transport(): T {
    if (this.#transport === undefined) throw new Error("this rank is not connected");
    return this.#transport;
  }

  set transport(transport: T) {
    this.#transport = transport;
  }

  begin(source: number, header: Int32Array, bytes: number) {
    const memory = new Uint8Array(bytes);
    const message: Received = { source, header: header.slice(), bytes: memory };
    return { memory, done: () => void this.inbox.push(message) };
  }

  ended(peer: number): void {
    throw new Error(`rank ${peer} says nothing of its end over a network`);
  }

  lost(peer: number, reason: Error): void {
    this.losses.push({ peer, reason });
  }

  /** Posts a message numbered `id`; resolves when the payload may be changed. */
  post(dest: number, id: number, payload: Uint8Array): Promise<void> {
    return new Promise((resolve) =>
      this.transport.post(dest, Int32Array.of(id, this.transport.rank), payload, resolve),
    );
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.transport.sleep(condition);
  }

  async receive(): Promise<Received> {
    await this.until(() => this.inbox.length > 0);
    const [message] = this.inbox.splice(0, 1);
    return message;
  }
}

/** Bytes that differ between messages and positions. */
export function pattern(bytes: number, seed: number): Uint8Array {
  const payload = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) payload[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  return payload;
}
