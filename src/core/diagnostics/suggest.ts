import leven from 'leven';

/**
 * The known word that is most similar to a mistyped one; undefined when none is similar enough. Upper and lower case
 * do not count: `storageURI` means `storageUri`.
 */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const length = Math.max(word.length, candidate.length);
    const allowed = length <= 3 ? 1 : Math.max(2, Math.floor(length / 3));
    const distance = leven(word.toLowerCase(), candidate.toLowerCase(), { maxDistance: allowed + 1 });
    // With no letter in common, it is another word.
    if (distance <= allowed && distance < length && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
