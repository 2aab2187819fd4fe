import type { Place } from '../diagnostics/problem.ts';

/** Every kind of risk. */
export const riskCodes = [
  'candidate-equals-primary',
  'first-opening',
  'guardrail-touched',
  'hosts-changed',
  'model-removed',
  'namespace-changed',
  'percentage-raised',
  'primary-renamed',
  'primary-unproven',
  'status-edited',
] as const;

/** In percent: the highest share that a mirror opens at, or is raised to, without being reported as a risk. */
export const defaultThreshold = 50;

/** A name and a namespace. */
interface ModelName {
  readonly name: string;
  readonly namespace: string;
}

/** Of `limits` and `gate`; undefined: not set. */
export type GuardrailValue = string | undefined;

/** What may go wrong; `output/words/risk.ts` has the words. */
export type RiskFinding =
  | { readonly code: 'candidate-equals-primary'; readonly candidate: string }
  | FirstOpening
  | {
      readonly code: 'guardrail-touched';
      readonly field: GuardrailField;
      readonly from: GuardrailValue;
      readonly to: GuardrailValue;
      readonly cause: 'policy-edited' | 'model-moved';
    }
  | { readonly code: 'hosts-changed'; readonly added: readonly string[]; readonly removed: readonly string[] }
  /** With `renamedTo`, clients of the old name are affected. */
  | { readonly code: 'model-removed'; readonly from: ModelName; readonly renamedTo: string | undefined }
  | { readonly code: 'namespace-changed'; readonly from: ModelName; readonly to: string }
  | {
      readonly code: 'percentage-raised';
      /** Undefined: a policy could not be read before. */
      readonly from: number | undefined;
      readonly to: number;
      readonly threshold: number;
    }
  | { readonly code: 'primary-renamed'; readonly from: string; readonly to: string }
  | { readonly code: 'primary-unproven'; readonly cause: 'spec' }
  | { readonly code: 'primary-unproven'; readonly cause: 'version'; readonly from: string; readonly to: string }
  | {
      readonly code: 'primary-unproven';
      readonly cause: 'annotations';
      readonly annotations: readonly { readonly annotation: string; readonly isPatched: boolean }[];
    }
  | { readonly code: 'status-edited' };

/** A mirror that opens above the threshold at once. */
export interface FirstOpening {
  readonly code: 'first-opening';
  readonly percentage: number;
  /** No policy sets the percentage. */
  readonly isDefault: boolean;
  readonly threshold: number;
}

export const guardrailFields = ['limits.maxMirrorPercentage', 'limits.storageUriPrefixes', 'gate'] as const;
export type GuardrailField = (typeof guardrailFields)[number];

/** What a reviewer should look at twice: the files are valid, and may still do harm. */
export type Risk = RiskFinding &
  Place & {
    /** Undefined when it concerns a file that several models share. */
    readonly model: string | undefined;
  };
