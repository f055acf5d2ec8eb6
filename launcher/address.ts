import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * The address of this host from which packets to `target` leave, so the one at which whoever is there reaches this
 * host. Asks the kernel's routes; sends nothing. Local.
 *
 * @throws {Error} If the name cannot be resolved, or no route leads there.
 */
export async function addressToward(target: string): Promise<string> {
  const { address, family } = await lookup(target);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(ANY_PORT, address, resolve);
    });
    return socket.address().address;
  } finally {
    socket.close();
  }
}

const ANY_PORT = 9; // a connected datagram socket only looks up the route

/** True if an interface of this host has that address. Local. */
export function isOwnAddress(address: string): boolean {
  return addresses().some((own) => own.address === address);
}

/**
 * The address of this host on an interface, given by name (`eth1`) or as a subnet (`10.1.0.0/16`). Local.
 *
 * @throws {Error} If there is none, with what there is.
 */
export function addressOn(iface: string): string {
  const candidates = addresses();
  const found = iface.includes("/")
    ? candidates.find(inSubnet(iface))
    : (candidates.find(({ name, family }) => name === iface && family === "IPv4") ??
      candidates.find(({ name }) => name === iface));
  if (found !== undefined) return found.address;
  const known = candidates.map(({ name, address }) => `${name} (${address})`).join(", ");
  throw new Error(`--iface ${iface}: this host has no such interface; it has ${known}`);
}

interface Address {
  readonly name: string;
  readonly address: string;
  readonly family: string;
}

function addresses(): Address[] {
  return Object.entries(networkInterfaces()).flatMap(([name, cards = []]) =>
    cards.map(({ address, family }) => ({ name, address, family })),
  );
}

function inSubnet(text: string): (own: Address) => boolean {
  const [net, prefix] = text.split("/");
  const list = new BlockList();
  const version = isIP(net);
  const bits = Number(prefix);
  if (version === 0 || !/^\d+$/.test(prefix) || bits > (version === 4 ? 32 : 128))
    throw new Error(`--iface ${text}: not a subnet; write an interface's name, or a subnet as 10.1.0.0/16`);
  list.addSubnet(net, bits, version === 4 ? "ipv4" : "ipv6");
  return ({ address, family }) => list.check(address, family === "IPv4" ? "ipv4" : "ipv6");
}

/** Address and port of such an endpoint. Local. */
export function parseTcpEndpoint(endpoint: string): { host: string; port: number } {
  const [, host = "localhost", port = "0"] = /^tcp:\/\/\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? [];
  return { host, port: Number(port) };
}

/** An endpoint of ZeroMQ; IPv6 addresses stand in brackets. Local. */
export function tcpEndpoint(address: string, port: number | "*"): string {
  return `tcp://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
