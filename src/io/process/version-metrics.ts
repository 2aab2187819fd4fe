/** What the watcher shows of each version of each model, computed when Prometheus asks: events cost nothing. */
import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { LiveCheck } from '../../core/analysis/live-analysis.ts';
import type { CandidateReading, VersionName, VersionReading } from '../../core/ports/metrics.ts';
import type { LiveValue } from './live-metrics.ts';
import { computeWhenAsked } from './live-metrics.ts';
import { toLabels, versionLabels } from './registry.ts';

/** Twice ten thousand models with a primary and a candidate. */
const mostVersions = 40_000;
/** Their checks take half of the time, and of the page, that all versions of ten thousand models take. */
const mostJudged = 1000;
/** A policy has fewer, but a verdict comes from a file in git. */
const mostChecks = 50;
const longestName = 253;

type Labels = Readonly<Record<string, string>>;

/** @param readings in an order that stays, so that it is always the same versions that are left out. */
export function createVersionMetrics(registers: Registry[], readings: () => Iterable<VersionReading>): void {
  const add = (name: string, help: string, label: string | undefined, compute: () => Iterable<LiveValue>) => {
    const labelNames = label === undefined ? [...versionLabels] : [...versionLabels, label];
    computeWhenAsked(new Gauge({ name, help, labelNames, registers }), compute);
  };
  const addOfCandidates = (
    name: string,
    help: string,
    label: string | undefined,
    toValue: (candidate: CandidateReading) => { readonly value: number; readonly labels?: Labels } | undefined,
  ) =>
    add(name, help, label, function* () {
      for (const { candidate, ...of } of shown(readings())) {
        const found = candidate && toValue(candidate);
        if (found !== undefined) yield { value: found.value, labels: { ...toLabels(of), ...found.labels } };
      }
    });
  const addOfChecks = (name: string, help: string, toValue: (check: LiveCheck) => number) =>
    add(name, help, 'check', function* () {
      for (const { of, toChecks } of findJudged(shown(readings())).slice(0, mostJudged))
        for (const check of pick(toChecks()))
          yield { value: toValue(check), labels: { ...toLabels(of), check: check.check } };
    });

  add('model_mirror_version_state', 'Always 1: the state of a version, by its label.', 'state', function* () {
    for (const { state, ...of } of shown(readings())) yield { value: 1, labels: { ...toLabels(of), state } };
  });
  addOfCandidates(
    'model_mirror_mirror_share_ratio',
    'Of how many requests a candidate gets copies, from 0 to 1, as the live routes have it; 0: its mirror is closed.',
    undefined,
    ({ percentage }) => ({ value: percentage / 100 }),
  );
  addOfCandidates(
    'model_mirror_verdict',
    'Always 1: how a candidate is judged, by its label: Passing, Failing, Inconclusive or Unknown.',
    'verdict',
    ({ verdict }) => verdict && { value: 1, labels: { verdict } },
  );
  addOfCandidates(
    'model_mirror_blind',
    'Always 1: why nobody can see now how a candidate does, by its label: no-comparer, no-copies, one-version or coverage.',
    'reason',
    ({ blindness }) => blindness && { value: 1, labels: { reason: blindness } },
  );
  addOfCandidates(
    'model_mirror_ramp_step',
    'The step of a ramp that a candidate is judged at, from 1.',
    undefined,
    ({ step }) => (step === undefined ? undefined : { value: step }),
  );
  addOfChecks('model_mirror_check_bad_calls', 'Bad calls of a check since counting began.', ({ bad }) => bad);
  addOfChecks('model_mirror_check_calls', 'Calls of a check since counting began.', ({ all }) => all);
  addOfChecks('model_mirror_check_low_ratio', 'The true share of bad calls is at least this.', ({ low }) => low);
  addOfChecks('model_mirror_check_high_ratio', 'The true share of bad calls is at most this.', ({ high }) => high);
  addOfChecks('model_mirror_check_limit_ratio', 'The share of bad calls that is accepted.', ({ limit }) => limit);
  computeWhenAsked(
    new Gauge({
      name: 'model_mirror_left_out',
      help: `What is too much for this page: versions beyond ${mostVersions}, and judged candidates beyond ${mostJudged}, whose checks are missing.`,
      labelNames: ['what'],
      registers,
    }),
    function* () {
      let versions = 0;
      let judged = 0;
      for (const { candidate } of readings())
        if (++versions <= mostVersions && candidate?.toChecks !== undefined) judged++;
      yield { labels: { what: 'versions' }, value: Math.max(0, versions - mostVersions) };
      yield { labels: { what: 'checks' }, value: Math.max(0, judged - mostJudged) };
    },
  );
}

function* shown(readings: Iterable<VersionReading>): Iterable<VersionReading> {
  let left = mostVersions;
  for (const reading of readings) if (left-- > 0) yield reading;
}

/** Each name once: Prometheus refuses two series with the same labels. */
function pick(checks: readonly LiveCheck[]): readonly LiveCheck[] {
  const byName = new Map(checks.filter(({ check }) => check.length <= longestName).map((one) => [one.check, one]));
  return [...byName.values()].slice(0, mostChecks);
}

function findJudged(readings: Iterable<VersionReading>) {
  const found: { readonly of: VersionName; readonly toChecks: () => readonly LiveCheck[] }[] = [];
  for (const { candidate, ...of } of readings)
    if (candidate?.toChecks !== undefined) found.push({ of, toChecks: candidate.toChecks });
  return found;
}
