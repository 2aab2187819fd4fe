import type { Place } from '../diagnostics/problem.ts';
import type { Coded } from './change.ts';
import type { LoadingChange } from './version-change.ts';

/** Every kind of risk. */
export const riskCodes = [
  'candidate-equals-primary',
  'candidate-returns',
  'extra-load-raised',
  'first-opening',
  'guardrail-touched',
  'hosts-changed',
  'mode-changed',
  'model-removed',
  'namespace-changed',
  'percentage-raised',
  'primary-renamed',
  'primary-unproven',
  'protocols-removed',
  'status-edited',
] as const;

/** In percent: the highest share that a mirror opens at, or is raised to, without being reported as a risk. */
export const defaultThreshold = 50;

/** In percent of all requests: the most that the primary executes again without being reported as a risk. */
export const maxExtraLoad = 10;

interface ModelName {
  readonly name: string;
  readonly namespace: string;
}

export const guardrailFields = [
  'limits.maxMirrorPercentage',
  'limits.storageUriPrefixes',
  'limits.requireAnalysis',
  'limits.minMirrorTime',
  'gate',
] as const;
export type GuardrailField = (typeof guardrailFields)[number];
/** Undefined: not set. */
export type GuardrailValue = string | undefined;

/**
 * A mirror that opens above the threshold at once. By default: no policy sets the percentage. `sharesPods`: primary and
 * candidate run in the same ones.
 */
export type FirstOpening = Coded<
  'first-opening',
  { percentage: number; isDefault: boolean; threshold: number; sharesPods: boolean }
>;

/** The status file reports as Ready what was there before the candidate was removed: its mirror opens unobserved. */
export type Return = Coded<'candidate-returns', { candidate: string }>;

/** What may go wrong; `output/words/risk.ts` has the words. */
export type RiskFinding =
  | Coded<'candidate-equals-primary', { candidate: string }>
  | Return
  /** What the primary executes again, in percent of all requests. */
  | Coded<'extra-load-raised', { to: number; most: number }>
  | FirstOpening
  | Coded<
      'guardrail-touched',
      { field: GuardrailField; from: GuardrailValue; to: GuardrailValue; cause: 'policy-edited' | 'model-moved' }
    >
  | Coded<'hosts-changed', { added: readonly string[]; removed: readonly string[] }>
  /** The InferenceServices keep their names. */
  | Coded<'mode-changed', { from: string; to: string; services: readonly string[] }>
  /** With a new name, it is gone for clients of the old one. */
  | Coded<'model-removed', { from: ModelName; renamedTo: string | undefined }>
  | Coded<'namespace-changed', { from: ModelName; to: string }>
  /** From undefined: a policy could not be read before. */
  | Coded<'percentage-raised', { from: number | undefined; to: number; threshold: number; sharesPods: boolean }>
  | Coded<'primary-renamed', { from: string; to: string }>
  | Coded<'primary-unproven', { cause: 'spec' }>
  | Coded<'primary-unproven', { cause: 'version'; from: string; to: string }>
  | Coded<'primary-unproven', { cause: 'annotations'; annotations: readonly LoadingChange[] }>
  /** Clients that call by them find no route any more. */
  | Coded<'protocols-removed', { protocols: readonly string[] }>
  | Coded<'status-edited'>;

/** What a reviewer should look at twice: the files are valid, and may still do harm. */
export type Risk = RiskFinding &
  Place & {
    /** Undefined when it concerns a file that several models share. */
    readonly model: string | undefined;
  };
