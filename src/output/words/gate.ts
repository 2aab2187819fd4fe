import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { Mirror, MirrorReason } from '../../core/rollout/gate.ts';

/** `open at 5 %: the candidate is Ready`, `closed: there is no candidate`. */
export function toGateText({ percentage, reason }: Mirror): SafeText {
  const why = toReasonText(reason);
  return percentage > 0 ? safe`open at ${percentage} %: ${why}` : safe`closed: ${why}`;
}

/** Why a mirror is open or closed: a clause that can follow a colon: "the mirror is closed: the candidate is Loading". */
export function toReasonText(reason: MirrorReason): SafeText {
  switch (reason.code) {
    case 'no-candidate':
      return safe`there is no candidate`;
    case 'percentage-zero':
      return safe`the policy sets 0 %`;
    case 'failing':
      return safe`the candidate is judged as Failing`;
    case 'gate-none':
      return safe`the policy has gate: None`;
    case 'assumed-ready':
      return safe`every candidate is assumed to be Ready`;
    case 'no-status':
      return safe`no status file reports the candidate as Ready`;
    case 'not-observed':
      return safe`the status file does not have the candidate yet`;
    case 'other-candidate':
      return safe`the status file describes another candidate, ${mask(reason.observed)}`;
    case 'other-digest':
      return safe`the status file describes an earlier spec of the candidate`;
    case 'not-ready':
      return safe`the candidate is ${reason.state}${reason.reason === undefined ? '' : safe` (${mask(reason.reason)})`}`;
    case 'ready':
      return safe`the candidate is Ready`;
  }
}
