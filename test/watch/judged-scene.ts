/** Watchers that judge from what replicas have counted, through one branch in memory. */
import type { Block } from '../../src/core/analysis/block.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import type { AnalysisTask } from '../../src/core/analysis/task.ts';
import type { LiveRoute } from '../../src/core/observe/live-object.ts';
import type { EvidenceSource } from '../../src/core/ports/evidence.ts';
import type { Clock } from '../../src/core/ports/watch.ts';
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';
import type { Notify } from '../../src/watch/announcements.ts';
import { readEvidence } from '../../src/watch/evidence-reader.ts';
import { Watcher } from '../../src/watch/watcher.ts';
import { loaded, toRoute } from '../core/observe/live-objects.ts';
import { toServices } from './declared.ts';
import type { MemoryRepository } from './memory-branch.ts';
import { MemoryBranch } from './memory-branch.ts';
import { idleMeter, options } from './watcher-parts.ts';

export const minute = 60_000;
const check = { code: 'errors.candidateOnly', limit: 0.01 } as const;

export function toTask(model: string): AnalysisTask {
  const subject = {
    primary: { name: `${model}-0`, digest: 'd1' },
    candidate: { name: `${model}-1`, digest: 'd2' },
    analysis: 'ff',
    step: 0,
    attempt: 0,
  };
  return { subject, checks: [check], noise: false, confidence: 0.95, minSamples: 300, steps: 1, holdMs: 0, shares: [] };
}

/** Replicas that count: each model's failures in a minute, of 100 calls, by its name. */
export class Replicas {
  readonly clock: Clock;
  readonly skews: readonly number[];
  readonly failures = new Map<string, number>();
  /** Those that do not answer now. */
  readonly away = new Set<number>();
  /** Of each replica, in their order. */
  readonly #blocks: Block[][];

  constructor(clock: Clock, skews: readonly number[]) {
    this.clock = clock;
    this.skews = skews;
    this.#blocks = skews.map(() => []);
  }

  /** To be called each minute. */
  count(): void {
    const now = this.clock.date() * 1000;
    for (const [i, skew] of this.skews.entries())
      for (const [model, bad] of this.failures) {
        const start = Math.floor((now + skew) / minute) * minute - minute;
        this.#blocks[i]?.push({
          start,
          end: start + minute,
          namespace: 'models',
          model,
          subject: toTask(model).subject,
          counts: [{ check: toCheckId(check), bad, all: 100 }],
          coverage: { received: 100, compared: 100, dropped: {}, unknown: {} },
        });
      }
  }

  /** For one watcher: what those that answer have counted since it last read them. */
  toSource(): EvidenceSource {
    const read = new Map<number, number>();
    return {
      read: async (take) => {
        for (const [i, blocks] of this.#blocks.entries()) {
          if (this.away.has(i)) continue;
          const known = read.get(i);
          take({
            replica: String(i),
            sums: known === undefined ? [] : undefined,
            first: (known ?? 0) + 1,
            blocks: blocks.slice(known ?? 0),
          });
          read.set(i, blocks.length);
        }
        return { replicas: this.skews.length - this.away.size, troubles: [] };
      },
    };
  }
}

/** One watcher, whose clock is off by so much. */
export function startWatcher(
  repository: MemoryRepository,
  clock: Clock,
  replicas: Pick<Replicas, 'toSource'>,
  models: readonly string[],
  skewMs = 0,
  once = false,
  notify?: Notify,
) {
  const skewed: Clock = { ...clock, date: () => clock.date() + skewMs / 1000 };
  const nothing = () => {};
  const log = { info: nothing, warn: nothing, error: nothing };
  const branch = new MemoryBranch(repository);
  const watcher = new Watcher(
    { ...options, keepsTexts: true, once },
    {
      branch,
      clock: skewed,
      log,
      meter: idleMeter,
      refresh: undefined,
      notify,
    },
  );
  const live = models.flatMap((name) => [...toServices(name, loaded), toOpenRoute(name)]);
  for (const { kind } of toKinds(undefined))
    watcher.replace(
      kind,
      undefined,
      live.filter((one) => one.kind === kind),
    );
  const stop = new AbortController();
  const run = watcher.run(stop.signal, new AbortController().signal);
  const running = [
    run,
    readEvidence(
      {
        source: replicas.toSource(),
        clock: skewed,
        log,
        isNeeded: () => watcher.isJudging,
        isJudged: (key, subject) => watcher.isJudged(key, subject),
        take: (evidence, changed, reading) => watcher.judge(evidence, changed, reading),
      },
      stop.signal,
    ),
  ];
  return {
    watcher,
    branch,
    /** Ends by itself with `once`. */
    run,
    end: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

function toOpenRoute(model: string): LiveRoute {
  return { ...toRoute(model, { path: model }), task: toTask(model) };
}
