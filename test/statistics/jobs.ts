/** Runs on all cores: each job is named, and a list of terms is shared out to workers. */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { countCalls } from './calls-needed.ts';
import { runCandidate } from './candidate-run.ts';
import { runFixedWindow } from './fixed-window.ts';

const jobs = { runCandidate, runFixedWindow, countCalls };

type Jobs = typeof jobs;
type Terms<Name extends keyof Jobs> = Parameters<Jobs[Name]>[0];

/** @returns the results in the order of the terms */
export async function runAll<Name extends keyof Jobs>(
  name: Name,
  terms: readonly Terms<Name>[],
): Promise<readonly ReturnType<Jobs[Name]>[]> {
  const results = new Array<ReturnType<Jobs[Name]>>(terms.length);
  const part = 20;
  let next = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url));
      const send = () => {
        const from = next;
        next += part;
        if (from >= terms.length) return void worker.terminate().then(() => resolve());
        worker.once('message', (found: ReturnType<Jobs[Name]>[]) => {
          for (const [i, result] of found.entries()) results[from + i] = result;
          send();
        });
        worker.postMessage({ name, terms: terms.slice(from, from + part) });
      };
      worker.once('error', reject);
      send();
    });
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}

if (!isMainThread)
  parentPort?.on('message', ({ name, terms }: { name: keyof Jobs; terms: readonly never[] }) => {
    const job = jobs[name] as (terms: never) => unknown;
    parentPort?.postMessage(terms.map(job));
  });
