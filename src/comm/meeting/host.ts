import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createServer, type Server, type Socket } from "node:net";
import type * as zmq from "zeromq";
import { requireNative } from "../../native.js";
import { messageOf } from "../../thrown.js";
import type { Boot } from "../boot.js";
import { accept, answer, Pieces } from "../transports/tcp/handshake.js";
import { Channel } from "./channel.js";
import { isLoopback, type Place } from "./place.js";

/** Who has connected proves within this time who it is. */
const PROOF_MS = 10_000;
/** A host that shows no sign of life for so long is lost. */
const SILENT_MS = 15_000;

/**
 * Waits, as rank 0, for all others at the place. Resolves to what the job is to each rank, and to the channels by which the
 * others hear that.
 *
 * @throws {Error} If the port cannot be opened, or not all come within the time; who has come hears of it.
 */
export async function receive(
  place: Place,
): Promise<{ readonly boots: readonly Boot[]; readonly channels: ReadonlyMap<number, Channel> }> {
  const { size, address, port, isOpen, limitMs } = place;
  const server = createServer({ noDelay: true, keepAlive: true });
  const bound = await bindingOf(address);
  await listen(server, bound, port).catch((cause: unknown) => {
    throw new Error(
      `init: rank 0 cannot wait for others at ${address}:${port} (${messageOf(cause)}): MASTER_ADDR is the host of rank 0, ` +
        "and MASTER_PORT a free port there",
      { cause },
    );
  });
  if (isOpen)
    process.stderr.write(
      `tsmpi: TSMPI_ENCRYPT=0 and no secret: whoever reaches ${address}:${port} can join this job\n`,
    );
  const channels = new Map<number, Channel>();
  try {
    const refused = await gather(place, server, channels);
    const missing = missingRanks(channels, size);
    if (missing.length > 0) {
      const strangers =
        refused === 0 ? "" : `; ${refused} connections without this job's secret were refused`;
      const text = `${name(missing)} of ${size} had not come to ${address}:${port} after ${limitMs / 1000} s${strangers}; TSMPI_START_TIMEOUT=SECONDS waits longer`;
      for (const [, channel] of channels) {
        channel.send({ kind: "failure", rank: 0, code: 1, aborted: false, text, lostPeer: undefined });
        channel.close();
      }
      throw new Error(`init: ${text}`);
    }
    return { boots: bootsOf(place, bound, channels), channels };
  } finally {
    server.close();
  }
}

/** Resolves when all have come or the time is over, to how many connections were refused. */
async function gather(
  { size, key, sealed, limitMs }: Place,
  server: Server,
  channels: Map<number, Channel>,
): Promise<number> {
  let refused = 0;
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(refused), limitMs);
    const check = (): void => {
      for (const [rank, { isOver }] of channels) if (isOver) channels.delete(rank); // it may come again
      if (channels.size < size - 1) return;
      clearTimeout(limit);
      resolve(refused);
    };
    const welcome = async (socket: Socket): Promise<void> => {
      const pieces = new Pieces(socket);
      socket.on("error", (error) => pieces.fail(error));
      const proof = setTimeout(() => socket.destroy(), PROOF_MS);
      try {
        const { rank, keys } = await accept(socket, pieces, { rank: 0, size, key, sealed });
        const isNew = channels.get(rank)?.isOver !== false;
        await answer(socket, isNew ? "welcome" : "busy");
        if (!isNew) return void socket.end();
        channels.set(rank, new Channel(socket.unref(), pieces, sealed ? keys : undefined));
        check();
      } catch {
        refused++;
        socket.destroy();
      } finally {
        clearTimeout(proof);
      }
    };
    server.on("connection", (socket) => void welcome(socket));
    check();
  });
}

/** Ranks of one address are those of one host. */
function bootsOf(
  { size, key, sealed }: Place,
  bound: string,
  channels: ReadonlyMap<number, Channel>,
): readonly Boot[] {
  const locals = [...channels.values()].map(({ localAddress }) => localAddress);
  const own = locals.find((local) => !isLoopback(local)) ?? locals.at(0) ?? bound;
  const addresses = Array.from({ length: size }, (_, rank) => {
    const remote = channels.get(rank)?.remoteAddress ?? own;
    return isLoopback(remote) ? own : remote;
  });
  const distinct = [...new Set(addresses)];
  const hosts = addresses.map((address) => distinct.indexOf(address));
  const curve = sealed ? requireNative<typeof zmq>("zeromq").curveKeyPair() : undefined;
  const common = {
    jobId: `meeting-${randomBytes(4).toString("hex")}`,
    size,
    crowded: false,
    nodes: distinct.length,
    host: "",
    appnum: 0,
    attempt: 0,
    transport: "tcp",
    hosts,
    segment: undefined,
    bells: undefined,
    curve,
    key: sealed ? randomBytes(32).toString("hex") : key,
    silentMs: SILENT_MS,
    ports: undefined,
  } as const;
  return addresses.map((address, rank): Boot => {
    const localRanks = hosts.flatMap((host, other) => (host === hosts[rank] ? [other] : []));
    const localRank = localRanks.indexOf(rank);
    return {
      ...common,
      rank,
      address,
      localRanks,
      localRank,
      localSize: localRanks.length,
      nodeRank: hosts[rank],
    };
  });
}

/** A host's own name may mean a loopback address to itself, where others do not come. */
async function bindingOf(address: string): Promise<string> {
  if (isLoopback(address)) return address;
  const resolved = await lookup(address).catch((cause: unknown) => {
    throw new Error(`init: MASTER_ADDR ${address}: ${messageOf(cause)}`, { cause });
  });
  return isLoopback(resolved.address) ? "0.0.0.0" : resolved.address;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen({ host, port, backlog: 1024 }, resolve);
  });
}

function missingRanks(channels: ReadonlyMap<number, Channel>, size: number): number[] {
  return Array.from({ length: size - 1 }, (_, i) => i + 1).filter((rank) => !channels.has(rank));
}

function name(ranks: readonly number[]): string {
  const shown = ranks.slice(0, SHOWN).join(", ");
  return `${ranks.length > 1 ? "ranks" : "rank"} ${shown}${ranks.length > SHOWN ? ` and ${ranks.length - SHOWN} more` : ""}`;
}

const SHOWN = 8;
