/** A word as any shell reads it back: in quotes where it has blanks or more that a shell would act on. Local. */
export function shellWord(word: string): string {
  return /^[\w/.@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
