/** What scripts of checks print: a line each, what was found of one that fails, and at the end how many passed. */
import { isDeepStrictEqual } from 'node:util';

let passed = 0;
let failed = 0;

/** @param wanted an equal value, or what its text must match. */
export function check(name: string, found: unknown, wanted: unknown): void {
  const isFine = wanted instanceof RegExp ? wanted.test(String(found)) : isDeepStrictEqual(found, wanted);
  if (isFine) passed++;
  else failed++;
  process.stdout.write(`${isFine ? 'passed' : 'FAILED'}: ${name}\n`);
  if (!isFine) process.stdout.write(`    wanted ${String(wanted)}\n    found ${JSON.stringify(found)}\n`);
}

/** Counts them; the process fails where one did, or where there was none. */
export function endChecks(): void {
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
