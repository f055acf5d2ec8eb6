import type * as zmq from "zeromq";

/** A CURVE key pair in z85, as `zmq.curveKeyPair()` makes it. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The only domain there is: what the sockets of a job ask the gate about. */
const DOMAIN = "tsmpi";

/**
 * Options of a socket that takes connections only from those who hold one of the gate's keys. The enforced domain makes
 * libzmq refuse everyone while there is no gate, instead of admitting everyone. Local.
 */
export function serverOptions(keys: KeyPair | undefined) {
  if (keys === undefined) return {};
  return {
    curveServer: true,
    curveSecretKey: keys.secretKey,
    zapDomain: DOMAIN,
    zapEnforceDomain: true,
  } as const;
}

/** Options of a socket that connects to a server with `serverKey`, and shows `keys`. Local. */
export function clientOptions(keys: KeyPair | undefined, serverKey = keys?.publicKey) {
  if (keys === undefined) return {};
  return { curveServerKey: serverKey, curvePublicKey: keys.publicKey, curveSecretKey: keys.secretKey };
}

/**
 * Decides who may connect to the sockets of a context: exactly the holders of the allowed public keys. This is the ZAP
 * handler of https://rfc.zeromq.org/spec/27; libzmq asks it once for each connection. Make it before anything binds.
 */
export class Gate {
  /** Connections turned away. Those that do not even speak CURVE never get as far as the gate. */
  refused = 0;
  readonly #router: zmq.Router;
  readonly #allowed: Set<string>;
  #serving = false;

  constructor(
    library: typeof zmq,
    context: zmq.Context,
    allowedPublicKeys: Iterable<string>,
    options: { readonly waitMs?: number } = {},
  ) {
    this.#allowed = new Set(allowedPublicKeys);
    this.#router = new library.Router({ context, linger: 0, receiveTimeout: options.waitMs ?? -1 });
    this.#router.bindSync("inproc://zeromq.zap.01");
  }

  /**
   * Answers what has been asked, and goes on while `wanted()`. Keeps the process alive meanwhile: without a
   * `waitMs`, until closed. Calling it again while it runs does nothing.
   */
  async serve(wanted: () => boolean): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    try {
      while (!this.#router.closed && (wanted() || this.#router.readable)) {
        const request = await this.#router.receive().catch(() => undefined); // nobody came for waitMs, or closed
        if (request && !this.#router.closed) await this.#router.send(this.#answer(request));
      }
    } finally {
      this.#serving = false;
    }
  }

  /** Allows one more key. */
  admit(publicKey: string): void {
    this.#allowed.add(publicKey);
  }

  close(): void {
    this.#router.close();
  }

  #answer(request: readonly Buffer[]) {
    const [route, , , id, domain, , , mechanism, key] = request;
    const admitted =
      domain?.toString() === DOMAIN &&
      mechanism?.toString() === "CURVE" &&
      key?.length === 32 &&
      this.#allowed.has(z85(key));
    if (!admitted) this.refused++;
    const verdict = admitted ? ["200", "OK"] : ["400", "not a member of this job"];
    return [route ?? null, null, "1.0", id ?? null, ...verdict, "", ""];
  }
}

const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Four bytes become five characters, most significant digit first; https://rfc.zeromq.org/spec/32. */
export function z85(bytes: Uint8Array): string {
  if (bytes.length % 4 !== 0) {
    throw new RangeError(`z85: ${bytes.length} bytes; the number of bytes must be a multiple of 4`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = view.getUint32(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += Z85[Math.floor(word / power) % 85];
  }
  return text;
}
