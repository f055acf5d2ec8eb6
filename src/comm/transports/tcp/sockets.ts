import { constants } from "node:os";
import { requireNative } from "../../../native.js";

/** Calls on sockets that neither wait nor go through the event loop. */
export interface Sockets {
  /** Bytes read into the first `length` of `into`; 0 at the end of the stream; `AGAIN` if there are none now. */
  receive(fd: number, into: Uint8Array, length: number): number;
  /** Bytes of the first `length` of `from` that the kernel has taken; `AGAIN` if it has no room. `more` follows at once. */
  send(fd: number, from: Uint8Array, length: number, more: boolean): number;
  /** Which of the first `count` descriptors can be read: an array of `struct pollfd`. Waits at most `timeoutMs`. */
  poll(descriptors: Int32Array, count: number, timeoutMs: number): number;
  /**
   * Milliseconds since the peer's kernel has acknowledged anything, be it a probe of a quiet connection; 0 while it says
   * that it has no room for more, for which it is asked ever less often.
   */
  silentMs(fd: number): number;
  /** Whether the peer's kernel has not answered yet. */
  isConnecting(fd: number): boolean;
  yieldCore(): void;
}

/** A call on a socket has failed. */
export class SocketError extends Error {
  override readonly name = "SocketError";
}

export const AGAIN = -1;
/** Interest in input, as the second word of a `struct pollfd`; what was found comes in its upper half. */
export const POLL_INPUT = 1;

let loaded: Sockets | undefined;

/** @throws {Error} If koffi has no build for this platform. */
export function sockets(): Sockets {
  return (loaded ??= load());
}

function load(): Sockets {
  const koffi = requireNative<typeof import("koffi")>("koffi");
  const libc = koffi.load(null);
  const linux = process.platform === "linux";
  const [MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE] = linux ? [0x40, 0x4000, 0x8000] : [0x80, 0, 0];
  type Transfer = (fd: number, memory: Uint8Array, length: number, flags: number) => number;
  const recv = libc.func("long recv(int fd, void *memory, size_t length, int flags)") as Transfer;
  const send = libc.func("long send(int fd, const void *memory, size_t length, int flags)") as Transfer;
  const poll = libc.func("int poll(int *descriptors, unsigned long count, int timeout)") as Sockets["poll"];
  const yieldCore = libc.func("int sched_yield()") as () => number;
  const getsockopt = libc.func(
    "int getsockopt(int fd, int level, int name, void *value, uint32_t *length)",
  ) as (fd: number, level: number, name: number, value: Uint32Array, length: Uint32Array) => number;
  const { EAGAIN, EWOULDBLOCK, EINTR } = constants.errno;

  function check(call: string, count: number): number {
    if (count >= 0) return count;
    const errno = koffi.errno();
    if (errno === EAGAIN || errno === EWOULDBLOCK || errno === EINTR) return AGAIN;
    const name = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `${errno}`;
    throw new SocketError(`${call}: ${name}`);
  }

  const info = new Uint32Array(37); // struct tcp_info up to what is needed
  const infoBytes = new Uint32Array(1);
  /** Fills `info`; false where the kernel tells nothing. */
  function look(fd: number): boolean {
    infoBytes[0] = info.byteLength;
    return linux && getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, infoBytes) === 0;
  }
  return {
    receive: (fd, into, length) => check("recv", recv(fd, into, length, MSG_DONTWAIT)),
    send: (fd, from, length, more) =>
      check("send", send(fd, from, length, MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0))),
    poll,
    isConnecting: (fd) => look(fd) && (info[INFO_STATE] & 0xff) === STATE_SYN_SENT,
    silentMs(fd) {
      if (!look(fd)) return 0;
      const answered = info[INFO_STATE] >>> 24 < UNANSWERED_PROBES;
      const full = info[INFO_UNACKED] === 0 && info[INFO_NOT_SENT_BYTES] > 0 && answered;
      return full ? 0 : info[INFO_LAST_ACK_RECEIVED_MS];
    },
    yieldCore,
  };
}

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** Words of `struct tcp_info`, linux/tcp.h. The first byte is the state, the last byte of that word counts probes that have not been answered. */
const INFO_STATE = 0;
const STATE_SYN_SENT = 2;
const UNANSWERED_PROBES = 3;
const INFO_UNACKED = 6;
const INFO_LAST_ACK_RECEIVED_MS = 14;
const INFO_NOT_SENT_BYTES = 36;
