/**
 * How much is tried. `npm test` tries a part of what has many cases, so that it is over in two minutes;
 * `npm run test:thorough`, which CI runs as well, tries all of it: it runs each test file that names this one
 * (`.config/ava.js`).
 */
import test, { type ExecutionContext } from 'ava';

export const isThorough = process.env['MODEL_MIRROR_THOROUGH'] !== undefined;

/** All of them, or else one of so many: always the same ones. */
export function pick<T>(cases: readonly T[], oneOf: number): readonly T[] {
  return isThorough ? cases : cases.filter((_, i) => i % oneOf === 0);
}

/** How often a property is tried: always, or else so often. */
export function times(thoroughly: number, otherwise: number): number {
  return isThorough ? thoroughly : otherwise;
}

/** A test of what takes long, and of which another test tries the common case: `npm test` leaves it out. */
export function testThoroughly(title: string, run: (t: ExecutionContext) => Promise<void> | void): void {
  if (isThorough) test(title, run);
}
