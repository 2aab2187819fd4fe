/** What metrics show of the models: each version as its last observation left it. */
import type { LiveCheck, Seen } from '../core/analysis/live-analysis.ts';
import { toLiveChecks } from '../core/analysis/live-analysis.ts';
import type { CandidateStatus, VersionStatus } from '../core/input/schema.ts';
import type { CandidateReading, VersionReading } from '../core/ports/metrics.ts';
import type { TrackedModel } from './status-planner.ts';

/** Of versions that were not observed yet there are none. */
export function* toReadings(models: Iterable<TrackedModel>): Iterable<VersionReading> {
  for (const { namespace, model, status, memory } of models) {
    const name = ({ version, name: service }: VersionStatus) => ({
      namespace,
      model: model.name,
      version: version ?? service,
    });
    const primary = status?.primary;
    if (primary !== undefined) yield { ...name(primary), role: 'primary', state: primary.state, candidate: undefined };
    for (const one of status?.candidates ?? [])
      yield { ...name(one), role: 'candidate', state: one.state, candidate: toCandidate(one, memory) };
  }
}

/** What is recorded counts for more than what was seen: it is what the gate goes by. */
function toCandidate({ name, mirror, verdict }: CandidateStatus, memory: TrackedModel['memory']): CandidateReading {
  const seen = memory[name]?.judged?.seen;
  const found = seen?.verdict;
  // A mirror that is closed because of its verdict shows what that follows from.
  const decided = verdict === undefined || verdict.verdict === 'Unknown' ? undefined : verdict;
  return {
    percentage: mirror?.percentage ?? 0,
    verdict: verdict?.verdict ?? found?.verdict,
    blindness:
      found?.verdict === 'Unknown' ? found.reason.code : found?.verdict === 'Passing' ? found.blind?.code : undefined,
    step: seen !== undefined && seen.task.steps > 1 ? seen.task.subject.step + 1 : undefined,
    toChecks: seen ? () => toKnownChecks(seen) : decided && (() => decided.checks),
  };
}

/** Several metrics, and often several pages, show the same look. */
const known = new WeakMap<Seen, readonly LiveCheck[]>();

function toKnownChecks(seen: Seen): readonly LiveCheck[] {
  const checks = known.get(seen) ?? toLiveChecks(seen);
  known.set(seen, checks);
  return checks;
}
