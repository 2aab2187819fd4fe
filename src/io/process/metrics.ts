/** The watcher's metrics, in the format of Prometheus. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { VersionReading } from '../../core/ports/metrics.ts';
import type { CarryMeter, Meter } from '../../core/ports/watch.ts';
import { branchTroubleCodes, retryCauses } from '../../core/ports/watch.ts';
import type { NotifyResult } from '../notify/notifier.ts';
import { notifyResults } from '../notify/notifier.ts';
import type { MetricsPage } from './registry.ts';
import { createRegistry } from './registry.ts';
import { createVersionMetrics } from './version-metrics.ts';

export interface Metrics extends Meter, CarryMeter, MetricsPage {
  /** Records how long a part of the work with git took. */
  readonly phase: (phase: string, seconds: number) => void;
  readonly notified: (result: NotifyResult) => void;
}

/** What is asked for when Prometheus asks. */
export interface MetricsSources {
  readonly readings: () => Iterable<VersionReading>;
  /** Whether the cluster was listed and the branch was read, and both still can be. */
  readonly isReady: () => boolean;
  /** How many notifications wait. */
  readonly waiting: () => number;
  /** For how long the source branch has had a commit that the deploy branch has not, in seconds. */
  readonly secondsBehind: () => number;
  /** How long the git host has asked to be left alone still, in seconds. */
  readonly gitWait: () => number;
}

export function createMetrics(
  version: string,
  { readings, isReady, waiting, secondsBehind, gitWait }: MetricsSources,
): Metrics {
  const { registers, page, retry } = createRegistry('watcher', version, retryCauses);
  const models = new Gauge({
    name: 'model_mirror_models',
    help: 'Versions of models by role (primary, candidate) and state.',
    labelNames: ['role', 'state'],
    registers,
  });
  const declared = new Gauge({
    name: 'model_mirror_declared_models',
    help: "Models that the branch declares below the watcher's path.",
    registers,
  });
  createVersionMetrics(registers, readings);
  new Gauge({
    name: 'model_mirror_ready',
    help: '1 while the watcher is in step: the cluster was listed and the branch was read; otherwise 0, and /readyz says why.',
    registers,
    collect() {
      this.set(isReady() ? 1 : 0);
    },
  });
  const events = new Counter({
    name: 'model_mirror_events_total',
    help: 'Events of the Kubernetes API, by kind and change; a list counts as one.',
    labelNames: ['kind', 'change'],
    registers,
  });
  const commits = new Counter({ name: 'model_mirror_commits_total', help: 'Pushed status commits.', registers });
  const conflicts = new Counter({
    name: 'model_mirror_push_conflicts_total',
    help: 'Pushes that found the branch elsewhere.',
    registers,
  });
  const failed = new Counter({
    name: 'model_mirror_pushes_failed_total',
    help: 'Pushes that failed, by cause; refused: the git host does not accept what is pushed.',
    labelNames: ['cause'],
    registers,
  });
  for (const cause of branchTroubleCodes) failed.inc({ cause }, 0);
  const pushFailures = new Gauge({
    name: 'model_mirror_push_failures',
    help: 'Pushes in a row that failed; 0: the last one was accepted, or nothing waits to be pushed.',
    registers,
  });
  const seconds = new Histogram({
    name: 'model_mirror_event_to_push_seconds',
    help: 'From the event that could be told to the pushed commit, a model each.',
    buckets: [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300],
    registers,
  });
  const phases = new Histogram({
    name: 'model_mirror_git_phase_seconds',
    help: 'Parts of the work with git: look (where the branch is), fetch, pack (make the commit), send.',
    labelNames: ['phase'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers,
  });
  new Gauge({
    name: 'model_mirror_git_wait_seconds',
    help: 'How much longer the git host has asked to be left alone, by Retry-After; 0: it has not.',
    registers,
    collect() {
      this.set(gitWait());
    },
  });
  const lastLook = new Gauge({
    name: 'model_mirror_last_look_timestamp_seconds',
    help: 'When the branch was last read, in seconds since 1970; 0 before the first time.',
    registers,
  });
  const lastPush = new Gauge({
    name: 'model_mirror_last_push_timestamp_seconds',
    help: 'When a commit was last pushed, in seconds since 1970; 0 before the first.',
    registers,
  });
  const carries = new Counter({
    name: 'model_mirror_carries_total',
    help: 'Commits of the source branch that were carried to the deploy branch.',
    registers,
  });
  const carryFailures = new Gauge({
    name: 'model_mirror_carry_failures',
    help: 'Carries in a row that failed; 0: the last one was accepted, or nothing waits to be carried.',
    registers,
  });
  new Gauge({
    name: 'model_mirror_carry_behind_seconds',
    help: 'For how long the source branch has had a commit that is not on the deploy branch; 0: it has all, or there is no source branch.',
    registers,
    collect() {
      this.set(secondsBehind());
    },
  });
  const notified = new Counter({
    name: 'model_mirror_notifications_total',
    help: 'Changes for --notify-url, by what became of them.',
    labelNames: ['result'],
    registers,
  });
  for (const result of notifyResults) notified.inc({ result }, 0);
  new Gauge({
    name: 'model_mirror_notifications_waiting',
    help: 'Changes that were not posted yet.',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  return {
    ...page,
    notified: (result) => notified.inc({ result }),
    retry,
    phase: (phase, value) => phases.observe({ phase }, value),
    event: (kind, change) => events.inc({ kind, change }),
    look: () => lastLook.setToCurrentTime(),
    commit: (waited) => {
      commits.inc();
      for (const value of waited) seconds.observe(value);
      lastPush.setToCurrentTime();
    },
    conflict: () => conflicts.inc(),
    pushFailed: (cause) => failed.inc({ cause }),
    pushFailures: (count) => pushFailures.set(count),
    declared: (count) => declared.set(count),
    carried: () => carries.inc(),
    carryFailures: (count) => carryFailures.set(count),
    models: (byState) => {
      models.reset();
      for (const [key, count] of byState) {
        const [role = '', state = ''] = key.split(' ');
        models.set({ role, state }, count);
      }
    },
  };
}
