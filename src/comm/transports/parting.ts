/** How long `close` waits without hearing anything: for peers to take what was posted, and then for their goodbyes. */
const TAKE_MS = 30_000;
const GOODBYE_MS = 2_000;

/** What a rank and a peer on a network have told each other about the end. */
export interface Parting {
  /** The peer will post no more. */
  readonly saidBye: boolean;
  /** The peer has everything that this rank posted. */
  readonly tookAll: boolean;
  readonly lost: unknown;
}

/**
 * Whether every peer has taken all and said goodbye, or has gone, or has been silent for too long.
 *
 * @param silenceMs - Since anything came from any of them.
 * @param busy - Whether something is still on its way out to a peer.
 */
export function haveParted<P extends Parting>(
  peers: Iterable<P>,
  silenceMs: number,
  busy: (peer: P) => boolean,
): boolean {
  for (const peer of peers) {
    if (peer.lost) continue;
    if (!peer.tookAll && silenceMs < TAKE_MS) return false;
    if ((!peer.saidBye || busy(peer)) && silenceMs < GOODBYE_MS) return false;
  }
  return true;
}
