/**
 * V8 looks at its own heap when it decides to collect garbage, and lets hundreds of megabytes of buffers
 * (lists, packs) lie that are long done with.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const intervalMs = 500;
/** Less than this is not worth the pause of a collection. */
const worthBytes = 24 * 1024 * 1024;

/** Collects garbage whenever buffers have piled up. Returns what ends it. */
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
    // The kind that gives pages back to the system.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    left = size();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
