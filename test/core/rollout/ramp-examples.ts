/** Models on a ramp, with status files as the watcher writes them. */
import { computeAlpha } from '../../../src/core/analysis/budget.ts';
import { toDecided } from '../../../src/core/analysis/decided.ts';
import { computeFigures, toJudgedCheck } from '../../../src/core/analysis/figures.ts';
import type { CandidateStatus } from '../../../src/core/input/schema.ts';
import type { AnalysisSubject, Decided } from '../../../src/core/input/verdict-schema.ts';
import { renderDigests } from '../../../src/core/render/digests.ts';
import { countSteps } from '../../../src/core/rollout/analysis-choice.ts';
import { toStatusText } from '../../../src/output/status-text.ts';
import type { Files } from '../render/memory-tree.ts';
import { toMemoryTree } from '../render/memory-tree.ts';

/** A model and what is decided of its first candidate. Throws where files have errors. */
export function decide(files: Files) {
  const { rollouts, problems } = renderDigests(toMemoryTree(files), {});
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [rollout] = rollouts;
  const [candidate] = rollout?.candidates ?? [];
  if (errors.length > 0 || rollout === undefined || candidate === undefined) throw new Error(JSON.stringify(errors));
  return { rollout, candidate };
}

export interface Judged {
  /** Of the Passing beside the verdict; undefined: there is none. */
  readonly passedStep?: number | undefined;
  readonly verdict?: 'Passing' | 'Failing' | 'Unknown' | undefined;
  /** Of the verdict. */
  readonly step?: number | undefined;
  readonly changes?: Partial<CandidateStatus>;
}

/** As the watcher records the model's versions, Ready, and the judgement of its candidate. */
export function toJudgedStatus(files: Files, { passedStep, verdict, step = 0, changes }: Judged): string {
  const { rollout, candidate } = decide(files);
  const { analysis } = rollout.rollout.policy;
  const subject = candidate.analysis?.subject;
  if (analysis === undefined || subject === undefined) throw new Error('nothing is judged');
  const decideAt = (about: AnalysisSubject, as: 'Passing' | 'Failing', bad: number): Decided => {
    const steps = countSteps(analysis);
    const alpha = computeAlpha(analysis.confidence, analysis.checks.length, steps);
    const count = { bad, all: 3000, noiseBad: 0, noiseAll: 3000 };
    const figures = analysis.checks.map((check) => computeFigures(toJudgedCheck(check), count, alpha));
    const at = Date.parse('2027-01-01T00:00:00Z') + about.step * 3_600_000;
    return toDecided(as, 'sequence', at, { subject: about, analysis, steps }, figures);
  };
  const about = { ...subject, step };
  const written =
    verdict === undefined
      ? undefined
      : verdict === 'Unknown'
        ? ({ verdict, reason: 'no-copies', subject: about } as const)
        : decideAt(about, verdict, verdict === 'Failing' ? 600 : 0);
  const toVersion = ({ version, digest, loaded }: typeof candidate | typeof rollout.primary) => ({
    name: version.name,
    version: version.declared.version,
    digest,
    state: 'Ready' as const,
    loaded,
  });
  const { name, namespace } = rollout.rollout;
  const status = {
    primary: toVersion(rollout.primary),
    candidates: [
      {
        ...toVersion(candidate),
        ...(passedStep === undefined ? {} : { passed: decideAt({ ...subject, step: passedStep }, 'Passing', 0) }),
        ...(written && { verdict: written }),
        ...changes,
      },
    ],
  };
  return toStatusText({ name, namespace, status });
}
