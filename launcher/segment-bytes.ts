/** Size of a host's shared segment. */
export function segmentBytes(localSize: number): number {
  return localSize * 2 ** 22;
}
