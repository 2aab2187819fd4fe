/** Random numbers that are the same in each run. */

/** From 0 to below 1 (mulberry32). */
export function toRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many of n are bad if each is with probability p: exact, by the waiting times between two bad ones. */
export function toBinomial(n: number, p: number, random: () => number): number {
  if (p <= 0) return 0;
  if (p >= 1) return n;
  const log = Math.log1p(-p);
  let bad = 0;
  for (let i = skip(random, log); i < n; i += 1 + skip(random, log)) bad++;
  return bad;
}

/** Good ones before the next bad one. */
function skip(random: () => number, log: number): number {
  return Math.floor(Math.log(1 - random()) / log);
}
