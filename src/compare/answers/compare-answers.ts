import type { AgreementRules } from '../../core/analysis/analysis.ts';
import type { Agreement } from './agreement.ts';
import type { Call, Reply } from './reply.ts';

/**
 * Whether two answers to one request agree.
 *
 * @param primary an answer, as `judgeReply` says, as is the candidate's.
 */
export function compareAnswers(_call: Call, primary: Reply, candidate: Reply, _rules: AgreementRules): Agreement {
  if (primary.status !== candidate.status) return { agrees: false, code: 'status' };
  return hasSameBytes(primary.body, candidate.body) ? { agrees: true } : { agrees: false, code: 'bytes' };
}

function hasSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
