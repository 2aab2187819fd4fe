/** `limits.requireAnalysis`: what was not judged as Passing does not become the primary. */
import type { Analysis } from '../analysis/analysis.ts';
import { isPassingBy } from '../analysis/ramp.ts';
import { isSameSubject } from '../analysis/subject.ts';
import type { FieldPath, Problem } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { CandidateStatus, ModelStatus } from '../input/schema.ts';
import type { FieldOrigin, SourceFile } from '../input/source-file.ts';
import type { Decided } from '../input/verdict-schema.ts';
import { locate } from '../input/yaml-place.ts';
import { isSameDigest } from '../serving/digest-text.ts';
import { countSteps, toAnalysisDigest } from './analysis-choice.ts';
import type { DecidedCandidate, DecidedRollout } from './decided.ts';

/** Which policy keeps a candidate from being promoted now; undefined: none does. */
export function findPromotionLimit(
  { rollout: { policy } }: Pick<DecidedRollout, 'rollout'>,
  { version, analysis }: DecidedCandidate,
  status: ModelStatus | undefined,
): FieldOrigin | undefined {
  const [required] = policy.requireAnalysis;
  const verdict = status?.status.candidates.find(({ name }) => name === version.name)?.verdict;
  const isPassing =
    policy.analysis !== undefined &&
    analysis !== undefined &&
    verdict?.verdict === 'Passing' &&
    isSameSubject(verdict.subject, analysis.subject) &&
    isLastPassing(verdict, policy.analysis);
  return isPassing ? undefined : required;
}

/**
 * A primary that is what the last status has as a candidate, and that was not judged as Passing. A primary that was never a
 * candidate is another matter: the way back to an earlier version must stay open.
 */
export function checkPromotion(
  { rollout: { policy, file }, primary }: Pick<DecidedRollout, 'rollout' | 'primary'>,
  status: ModelStatus | undefined,
): Problem[] {
  const [required] = policy.requireAnalysis;
  if (required === undefined || status?.status.primary?.digest === primary.digest) return [];
  const promoted = status && findPromoted(status.status, primary);
  if (promoted === undefined) return [];
  const { verdict, digest } = promoted;
  const isPassing =
    verdict?.verdict === 'Passing' &&
    isSameDigest(verdict.subject.candidate.digest, digest) &&
    policy.analysis !== undefined &&
    verdict.subject.analysis === toAnalysisDigest(policy.analysis) &&
    isLastPassing(verdict, policy.analysis);
  return isPassing ? [] : [toUnjudged(file.source, primary.version.path, primary.version.declared.version, required)];
}

/** Whether it is the Passing of the last step, and follows from its counts. */
function isLastPassing(verdict: Decided, analysis: Analysis): boolean {
  const steps = countSteps(analysis);
  return verdict.subject.step === steps - 1 && isPassingBy(verdict, { ...analysis, steps });
}

/**
 * The candidate that a primary is, or was but for what its server ignores: with another CPU limit it is no earlier version.
 * Where that is the old primary's too, only the digest tells the two apart.
 */
function findPromoted(
  { primary: before, candidates }: ModelStatus['status'],
  { digest, loaded }: DecidedRollout['primary'],
): CandidateStatus | undefined {
  const isNew = before?.loaded !== undefined && before.loaded !== loaded;
  return (
    candidates.find((one) => isSameDigest(one.digest, digest)) ??
    (isNew ? candidates.find((one) => one.loaded === loaded) : undefined)
  );
}

/** @param path of the version, in the model file. */
export function toUnjudged(
  source: SourceFile,
  path: FieldPath,
  version: string,
  { source: by, path: at }: FieldOrigin,
): Problem {
  const { file, line } = locate(by, at);
  return toProblem(source, path, {
    code: 'analysis-required',
    message: safe`${mask(version)} was not judged as Passing, which ${file}:${line} wants before a promotion`,
    hint: safe`wait for the verdict in the status file (docs/how-it-judges.md says how many calls it takes), or fix the candidate`,
  });
}
