/**
 * How much is tried. `npm test` tries a part of what has many cases, so that it is over in two minutes;
 * `npm run test:thorough`, which CI runs as well, tries all of it.
 */
export const isThorough = process.env['MODEL_MIRROR_THOROUGH'] !== undefined;

/** All of them, or else one of so many: always the same ones. */
export function pick<T>(cases: readonly T[], oneOf: number): readonly T[] {
  return isThorough ? cases : cases.filter((_, i) => i % oneOf === 0);
}
