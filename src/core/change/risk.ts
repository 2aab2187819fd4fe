import type { Place } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';

/** Every kind of risk that a report tells. */
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

/** In percent: up to here a mirror is opened or raised without being called a risk, unless somebody asks for another. */
export const defaultThreshold = 50;

/** What a reviewer should look at twice; the files are right, and what they say may still hurt. */
export interface Risk extends Place {
  readonly code: (typeof riskCodes)[number];
  /** The model, or undefined when a file is meant that many models share. */
  readonly model: string | undefined;
  /** What may go wrong. One sentence without its full stop. */
  readonly message: SafeText;
  /** What to do. One sentence without its full stop. */
  readonly hint: SafeText;
}
