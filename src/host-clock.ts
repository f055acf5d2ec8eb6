/**
 * Milliseconds on a clock that all processes of this host share, and that nobody sets; its 0 is when the host was started,
 * or thereabouts. Local.
 */
export function hostClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * What to add to `performance.now()` of this process for {@link hostClockMs}. That of `performance.timeOrigin`, which is
 * read when a process starts, is some milliseconds off on a busy host. Local.
 */
export function hostClockOffsetMs(): number {
  let offset = -Infinity;
  // Another process may run between the two looks; then the difference is too small.
  for (let look = 0; look < LOOKS; look++) offset = Math.max(offset, hostClockMs() - performance.now());
  return offset;
}

const LOOKS = 10;
