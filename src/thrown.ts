/** What to tell of something that was thrown. Local, pure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
