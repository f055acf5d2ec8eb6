const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** As `64 KiB`, or `1.5 MiB`: one decimal at most. Local, pure. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** step).toFixed(1))} ${UNITS[step]}`;
}
