/**
 * Whether the mirror to a candidate is open, and why not: a pure function of the desired state (candidate,
 * policy) and the observed one (status).
 *
 * Invariant: with gate Status it is open only while the status file has exactly this candidate, by
 * name and digest, as Ready. Anything else in the status closes the mirror, even that it cannot be read, and
 * never keeps the rest from being rendered. With an analysis, no gate opens it for a candidate that was judged as
 * Failing, until the candidate or the analysis is another one, or people had the judgement begin again; nor while the status
 * file cannot be read, which may say so.
 */
import type { Analysis } from '../analysis/analysis.ts';
import type { ModelState, ModelStatus } from '../input/schema.ts';
import type { AnalysisSubject } from '../input/verdict-schema.ts';
import { findHeldVerdict } from './held-verdict.ts';

/** Why a mirror is as it is; in the order in which they are checked. */
export type MirrorReason =
  | { readonly code: 'no-candidate' }
  | { readonly code: 'percentage-zero' }
  | { readonly code: 'failing' }
  | { readonly code: 'gate-none' }
  | { readonly code: 'assumed-ready' }
  | { readonly code: 'no-status' }
  | { readonly code: 'not-observed' }
  | { readonly code: 'other-candidate'; readonly observed: string }
  | { readonly code: 'other-digest' }
  | { readonly code: 'not-ready'; readonly state: ModelState; readonly reason: string | undefined }
  | { readonly code: 'ready' };

export interface Mirror {
  /** The share of requests that the candidate gets a copy of, in percent; 0: the mirror is closed. */
  readonly percentage: number;
  readonly reason: MirrorReason;
}

/** Of a model without a candidate. */
export const noMirror: Mirror = { percentage: 0, reason: { code: 'no-candidate' } };

export interface GateInput {
  /** As rendered. */
  readonly candidate: { readonly name: string; readonly digest: string };
  /** The share that the mirror has once it is open, 0 to 100: the policy's, or that of the ramp's step. */
  readonly mirrorPercentage: number;
  readonly gate: 'Status' | 'None';
  /** Undefined when there is no status file, or none that can be believed. */
  readonly status: ModelStatus | undefined;
  /** Whether there is a status file that cannot be read: nobody knows whether the candidate was judged as Failing. */
  readonly isUnreadable?: boolean;
  /** Absent: nothing is judged. */
  readonly analysis?: GateAnalysis | undefined;
  /** The preview: as if every candidate were ready. */
  readonly assumeReady: boolean;
}

export interface GateAnalysis extends Pick<Analysis, 'onFailing'> {
  readonly subject: AnalysisSubject;
  /** When the step before was Passing, as RFC 3339; undefined: this is the first one. */
  readonly since?: string | undefined;
}

export function computeMirror(input: GateInput): Mirror {
  const reason = computeReason(input);
  const open = reason.code === 'ready' || reason.code === 'gate-none' || reason.code === 'assumed-ready';
  return { percentage: open ? input.mirrorPercentage : 0, reason };
}

function computeReason(input: GateInput): MirrorReason {
  const { candidate, mirrorPercentage, gate, status, isUnreadable, analysis, assumeReady } = input;
  if (mirrorPercentage === 0) return { code: 'percentage-zero' };
  if (isFailing(input)) return { code: 'failing' };
  if (isUnreadable === true && analysis?.onFailing === 'Close') return { code: 'no-status' };
  if (gate === 'None') return { code: 'gate-none' };
  if (assumeReady) return { code: 'assumed-ready' };
  if (status === undefined) return { code: 'no-status' };
  const { candidates } = status.status;
  const [other] = candidates;
  if (other === undefined) return { code: 'not-observed' };
  const observed = candidates.find(({ name }) => name === candidate.name);
  if (observed === undefined) return { code: 'other-candidate', observed: other.name };
  if (observed.digest !== candidate.digest) return { code: 'other-digest' };
  if (observed.state !== 'Ready') return { code: 'not-ready', state: observed.state, reason: observed.reason };
  return { code: 'ready' };
}

function isFailing({ candidate: { name }, status, analysis }: GateInput): boolean {
  if (analysis === undefined || analysis.onFailing === 'Keep') return false;
  return findHeldVerdict(status, name, analysis.subject)?.verdict === 'Failing';
}
