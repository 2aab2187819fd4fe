/** The watcher's metrics, in the format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter } from '../../core/ports/watch.ts';

export interface Metrics extends Meter {
  /** Records how long a part of the work with git took. */
  readonly phase: (phase: string, seconds: number) => void;
  readonly contentType: string;
  readonly text: () => Promise<string>;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
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
  const retries = new Counter({
    name: 'model_mirror_retries_total',
    help: 'Attempts that failed and are made again, by cause.',
    labelNames: ['cause'],
    registers,
  });
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
  const last = new Gauge({
    name: 'model_mirror_last_push_timestamp_seconds',
    help: 'When a commit was last pushed, in seconds since 1970; 0 before the first.',
    registers,
  });
  new Gauge({ name: 'model_mirror_build_info', help: 'Always 1.', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  for (const cause of ['api', 'git-fetch', 'git-push', 'argocd']) retries.inc({ cause }, 0);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    phase: (phase, value) => phases.observe({ phase }, value),
    event: (kind, change) => events.inc({ kind, change }),
    commit: (waited) => {
      commits.inc();
      for (const value of waited) seconds.observe(value);
      last.set(Date.now() / 1000);
    },
    conflict: () => conflicts.inc(),
    retry: (cause) => retries.inc({ cause }),
    pushFailures: (count) => pushFailures.set(count),
    declared: (count) => declared.set(count),
    models: (byState) => {
      models.reset();
      for (const [key, count] of byState) {
        const [role = '', state = ''] = key.split(' ');
        models.set({ role, state }, count);
      }
    },
  };
}
