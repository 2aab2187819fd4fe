/** `limits.requireAnalysis` and `limits.minMirrorTime`: what was not tried enough does not become the primary. */
import type { Analysis } from '../analysis/analysis.ts';
import { isPassingBy } from '../analysis/ramp.ts';
import { isSameSubject } from '../analysis/subject.ts';
import type { FieldPath, Problem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { CandidateStatus, ModelStatus } from '../input/schema.ts';
import type { FieldOrigin, SourceFile } from '../input/source-file.ts';
import type { Decided } from '../input/verdict-schema.ts';
import { locate } from '../input/yaml-place.ts';
import { isSameDigest } from '../serving/digest-text.ts';
import { countSteps, toAnalysisDigest } from './analysis-choice.ts';
import type { DecidedCandidate, DecidedRollout } from './decided.ts';
import type { MinMirrorTime } from './effective-policy.ts';

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
 * candidate is another matter: the way back to an earlier version must stay open. Whether one that is a candidate has served
 * before is in git's history (`servedBefore`).
 */
export function checkPromotion(
  { rollout: { policy, file }, primary }: Pick<DecidedRollout, 'rollout' | 'primary'>,
  status: ModelStatus | undefined,
): Problem[] {
  const [required] = policy.requireAnalysis;
  const promoted = findPromoted(primary, status);
  if (required === undefined || promoted === undefined) return [];
  const { verdict, digest } = promoted;
  const isPassing =
    verdict?.verdict === 'Passing' &&
    isSameDigest(verdict.subject.candidate.digest, digest) &&
    policy.analysis !== undefined &&
    verdict.subject.analysis === toAnalysisDigest(policy.analysis) &&
    isLastPassing(verdict, policy.analysis);
  return isPassing ? [] : [toUnjudged(file.source, primary.version.path, primary.version.declared.version, required)];
}

/** What a candidate must have behind it, and has. */
export interface MirrorTime {
  readonly limit: MinMirrorTime;
  /** Seconds for which git has had the mirror open; undefined: its history cannot be read. */
  readonly seconds: number | undefined;
  /** Whether older commits, which this clone does not have, may show more. */
  readonly isWhole: boolean;
}

/** @param record of git's history; undefined: it cannot be read. */
export function toMirrorTime(
  limit: MinMirrorTime,
  record: { readonly seconds: number; readonly isWhole: boolean } | undefined,
): MirrorTime {
  return { limit, seconds: record?.seconds, isWhole: record?.isWhole ?? false };
}

/** The digest of the candidate that the primary was when it was last observed, where a policy wants it mirrored for some time. */
export function findTimedPromotion(
  { rollout: { policy }, primary }: Pick<DecidedRollout, 'rollout' | 'primary'>,
  status: ModelStatus | undefined,
): { readonly digest: string; readonly limit: MinMirrorTime } | undefined {
  const digest = findPromoted(primary, status)?.digest;
  return digest === undefined || policy.minMirrorTime === undefined
    ? undefined
    : { digest, limit: policy.minMirrorTime };
}

/** Whether only git's history can say that the policies allow the primary. */
export function isLimitedPromotion(
  rollout: Pick<DecidedRollout, 'rollout' | 'primary'>,
  status: ModelStatus | undefined,
): boolean {
  return findTimedPromotion(rollout, status) !== undefined || checkPromotion(rollout, status).length > 0;
}

/** Seconds that are missing; 0: none. */
export function findMissingTime({ limit, seconds = 0 }: Pick<MirrorTime, 'limit' | 'seconds'>): number {
  return Math.max(0, Math.ceil(limit.milliseconds / 1000) - seconds);
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
  { digest, loaded }: DecidedRollout['primary'],
  status: ModelStatus | undefined,
): CandidateStatus | undefined {
  if (status === undefined || status.status.primary?.digest === digest) return undefined;
  const { primary: before, candidates } = status.status;
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

/** @param path of the version, in the model file: of the candidate, or of the primary that it is promoted to. */
export function toMirroredTooBriefly(
  source: SourceFile,
  path: FieldPath,
  version: string,
  { limit, seconds, isWhole }: MirrorTime,
): Problem {
  const { file, line } = locate(limit.origin.source, limit.origin.path);
  const missing = toShortDuration(findMissingTime({ limit, seconds }));
  const isPromoted = path.at(-1) === 'primary';
  const least = isWhole ? '' : 'at least ';
  const mirrored =
    seconds === undefined
      ? safe`for how long ${mask(version)} was mirrored is not known here`
      : safe`${mask(version)} was mirrored for ${least}${toShortDuration(seconds)}`;
  const fetch = seconds === undefined ? 'run this in a clone with its whole history' : 'run git fetch --unshallow';
  return toProblem(source, path, {
    code: 'mirrored-too-briefly',
    message: safe`${mirrored}, and ${file}:${line} wants ${mask(limit.written)} before a promotion`,
    hint: isWhole
      ? isPromoted
        ? safe`promote it again, in a new commit, when its mirror has been open for ${missing} more`
        : safe`keep the mirror open for ${missing} more`
      : safe`${fetch}: older commits may show that it was longer`,
  });
}

/** `26h5m`, `40s`, as policies have durations. */
function toShortDuration(seconds: number): SafeText {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const parts = [hours > 0 ? `${hours}h` : '', minutes > 0 ? `${minutes}m` : '', rest > 0 ? `${rest}s` : ''];
  return mask(parts.join('') || '0s');
}
