import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Target, Unreached } from "../src/comm/wire/messages.js";
import { openWithin, type PortRange } from "../src/comm/wire/ports.js";
import { parseTcpEndpoint, tcpEndpoint } from "./address.js";

/**
 * Which hosts a host tries to reach before any rank starts: all others, or in a large job those whose distance in the
 * list is a power of two, on both sides. Local, pure.
 *
 * What is wrong with a network is wrong for a host (its address, its firewall) or between parts of it, and seldom for a
 * single pair. Any probe of a host finds the former, and some power of two leads from each part to the next. These are
 * also the pairs between which collectives move messages. A host opens 2 log₂ n connections, not n.
 *
 * @param own - Place of the host.
 * @param count - Hosts of the job.
 */
export function neighborsOf(own: number, count: number): number[] {
  if (count <= ALL_PAIRS) return Array.from({ length: count }, (_, i) => i).filter((i) => i !== own);
  const found = new Set<number>();
  for (let distance = 1; distance <= count / 2; distance *= 2) {
    found.add((own + distance) % count);
    found.add((own - distance + count) % count);
  }
  return [...found];
}

const ALL_PAIRS = 16;

/** A port of an agent where others find out that they reach it; it answers those that know the job's secret. */
export class ProbePort {
  readonly endpoint: string;
  readonly #server: Server;

  private constructor(server: Server, address: string) {
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("probe: the port has no number");
    this.endpoint = tcpEndpoint(address, bound.port);
    this.#server = server;
  }

  /**
   * Opens it, on one address and within the ports that may be opened. Local.
   *
   * @param own - Place of the host; whoever looks for another one is not answered.
   * @throws {Error} If the host has no such address, or no such port is free.
   */
  static async open(
    address: string,
    ports: PortRange | undefined,
    key: string,
    own: number,
  ): Promise<ProbePort> {
    const listen = async (port: number): Promise<Server> => {
      const server = createServer((socket) => answer(socket, key, own));
      server.listen(port, address).unref();
      await once(server, "listening");
      return server;
    };
    return new ProbePort(await openWithin(ports, listen, own), address);
  }

  close(): void {
    this.#server.close();
  }
}

/**
 * Tries to reach other hosts, all at the same time. Resolves to those that are not reached: nobody answers, or somebody
 * who is not that host's agent.
 *
 * @param limitMs - For each.
 */
export async function probe(targets: readonly Target[], key: string, limitMs: number): Promise<Unreached[]> {
  const outcomes = targets.map(async (target) => ({
    nodeRank: target.nodeRank,
    reason: await reach(target, key, limitMs),
  }));
  return (await Promise.all(outcomes)).flatMap(({ nodeRank, reason }) =>
    reason === undefined ? [] : [{ nodeRank, reason }],
  );
}

async function reach(
  { nodeRank, endpoint }: Target,
  key: string,
  limitMs: number,
): Promise<string | undefined> {
  const { host, port } = parseTcpEndpoint(endpoint);
  const nonce = randomBytes(NONCE_BYTES);
  const socket = connect({ host, port });
  const at = `${host}:${port}`;
  const limit = setTimeout(() => socket.destroy(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  try {
    await once(socket, "connect");
    socket.write(Buffer.concat([nonce, proof(key, "ask", nodeRank, nonce)]));
    const said = await read(socket, PROOF_BYTES);
    return equal(said, proof(key, "answer", nodeRank, nonce)) ? undefined : `${at} is somebody else`;
  } catch (error) {
    return `${at}: ${error instanceof Error ? reasonOf(error) : String(error)}`;
  } finally {
    clearTimeout(limit);
    socket.destroy();
  }
}

function answer(socket: Socket, key: string, own: number): void {
  socket.setTimeout(PATIENCE_MS, () => socket.destroy()).unref();
  read(socket, NONCE_BYTES + PROOF_BYTES)
    .then((said) => {
      const nonce = said.subarray(0, NONCE_BYTES);
      if (equal(said.subarray(NONCE_BYTES), proof(key, "ask", own, nonce)))
        socket.end(proof(key, "answer", own, nonce));
      else socket.destroy();
    })
    .catch(() => socket.destroy());
}

/** So many bytes, or fewer if there are no more. */
function read(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let said = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
      if (said.length >= bytes) resolve(said);
    });
    socket.on("error", reject).on("close", () => resolve(said));
  });
}

function proof(key: string, what: "ask" | "answer", nodeRank: number, nonce: Uint8Array): Buffer {
  return createHmac("sha256", key).update(`tsmpi probe ${what} ${nodeRank} `).update(nonce).digest();
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  return REASONS[code] ?? error.message;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to that host",
  ENETUNREACH: "no route to that network",
  EINVAL: "no route to that host", // of a blackhole
  ETIMEDOUT: "no answer",
};
const NONCE_BYTES = 16;
const PROOF_BYTES = 32;
const PATIENCE_MS = 5000;
