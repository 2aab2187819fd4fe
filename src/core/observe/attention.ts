/** What of a model a person should look at first. */
import type { ModelStatus } from '../input/schema.ts';

/**
 * The most urgent first:
 * - failing: a candidate is judged as Failing;
 * - failed: a version cannot be loaded;
 * - primary-not-ready: requests may not be answered;
 * - unknown: a candidate is to be judged, and nothing can be seen of it;
 * - waiting: a candidate is not Ready yet;
 * - closed: a candidate is Ready and gets no copies;
 * - mirrored: it gets copies;
 * - idle: there is no candidate, and the primary is Ready.
 */
export const attentionCodes = [
  'failing',
  'failed',
  'primary-not-ready',
  'unknown',
  'waiting',
  'closed',
  'mirrored',
  'idle',
] as const;

export type Attention = (typeof attentionCodes)[number];

/** @param status undefined: nothing was observed of it. */
export function toAttention(status: ModelStatus['status'] | undefined): Attention {
  const { primary, candidates = [] } = status ?? {};
  const verdicts = candidates.map(({ verdict }) => verdict?.verdict);
  if (verdicts.includes('Failing')) return 'failing';
  if ([primary, ...candidates].some((version) => version?.state === 'Failed')) return 'failed';
  if (primary?.state !== 'Ready') return 'primary-not-ready';
  if (verdicts.includes('Unknown')) return 'unknown';
  if (candidates.some(({ state }) => state !== 'Ready')) return 'waiting';
  if (candidates.some(({ mirror }) => mirror === undefined || mirror.percentage === 0)) return 'closed';
  return candidates.length > 0 ? 'mirrored' : 'idle';
}

/** Whether something is wrong that does not pass by itself. */
export function isUrgent(attention: Attention): boolean {
  return attentionCodes.indexOf(attention) < attentionCodes.indexOf('waiting');
}
