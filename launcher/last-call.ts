/**
 * Calls `action` after a time, and not before what has arrived until then has been read: on a busy host the timer may be
 * late, and runs before any reading. Does not keep the process alive. Local.
 *
 * @returns What cancels it.
 */
export function lastCall(action: () => void, afterMs: number): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (turn = setImmediate(action)), afterMs).unref();
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}
