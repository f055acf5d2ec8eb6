/** What to tell of something that was thrown. Local, pure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether what was thrown is an error of the system, or of a library that names its errors so, with one of these codes. Local, pure. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.some((code) => code === error.code);
}
