import { closest, distance } from "fastest-levenshtein";

/**
 * The name that is most like the given one; `undefined` if none is like it. Local, pure.
 *
 * @param most - Letters by which they may differ.
 */
export function nearest(
  given: string,
  known: readonly string[],
  most = Math.max(2, given.length / 3),
): string | undefined {
  if (known.length === 0) return undefined;
  const near = closest(given, known);
  return distance(given, near) <= most ? near : undefined;
}

/** Asks whether a name that is like the given one was meant; `undefined` if none is. Local, pure. */
export function didYouMean(given: string, known: readonly string[], most?: number): string | undefined {
  const near = nearest(given, known, most);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** What to say of a word that is none of those there are. Local, pure. */
export function notKnown(given: string, known: readonly string[]): string {
  const meant = didYouMean(given, known);
  const choice = known.join(", ").replace(/, ([^,]+)$/, " or $1");
  return `not known; ${meant === undefined ? "" : `${meant} `}choose ${choice}`;
}
