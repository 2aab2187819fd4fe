/**
 * V8 considers only its own heap when it decides to collect garbage, and leaves hundreds of megabytes of buffers (lists,
 * packs) that are no longer used.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const intervalMs = 500;
/** Below this, a collection is not worth its pause. */
const worthBytes = 24 * 1024 * 1024;
/** A large pack that passes by leaves up to 400 MB of buffers in a second; a collection of what is young takes 1 ms. */
const youngIntervalMs = 25;
const youngWorthBytes = 8 * 1024 * 1024;

/** Collects garbage whenever buffers have accumulated. @returns a function that stops it. */
export function keepMemorySmall(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  const size = () => {
    const { external, heapTotal } = process.memoryUsage();
    return external + heapTotal;
  };
  let left = 0;
  const timer = setInterval(() => {
    if (size() - left < worthBytes) return;
    // This kind returns pages to the system.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    left = size();
  }, intervalMs);
  /** The fewest bytes since the last collection, which goes on beside the program. */
  let least = 0;
  const youngTimer = setInterval(() => {
    const { external } = process.memoryUsage();
    least = Math.min(least, external);
    if (external - least < youngWorthBytes) return;
    collect({ type: 'minor' });
    least = external;
  }, youngIntervalMs);
  for (const each of [timer, youngTimer]) each.unref();
  return () => {
    for (const each of [timer, youngTimer]) clearInterval(each);
  };
}
