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
const youngWorthBytes = 4 * 1024 * 1024;

export interface MemoryKeeper {
  /** Reports bytes of buffers that were used and are left. */
  readonly pass: (bytes: number) => void;
  readonly stop: () => void;
}

/** Collects garbage whenever buffers have accumulated. */
export function keepMemorySmall(): MemoryKeeper {
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
  timer.unref();
  let passed = 0;
  return {
    pass: (bytes) => {
      passed += bytes;
      if (passed < youngWorthBytes) return;
      passed = 0;
      collect({ type: 'minor' });
    },
    stop: () => clearInterval(timer),
  };
}
