import leven from 'leven';

/**
 * The known word nearest to a mistyped one, or undefined when none is near enough to be meant.
 * Upper and lower case are the same here: `storageURI` means `storageUri`.
 */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const length = Math.max(word.length, candidate.length);
    const allowed = length <= 3 ? 1 : Math.max(2, Math.floor(length / 3));
    const distance = leven(word.toLowerCase(), candidate.toLowerCase(), { maxDistance: allowed + 1 });
    // Another word altogether is not meant.
    if (distance <= allowed && distance < length && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
