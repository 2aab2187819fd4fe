import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { ExtraLoad } from '../../core/rollout/extra-load.ts';

/** What the analysis costs while the mirror is open: a clause, with a figure that people can scale to their own rate. */
export function toExtraLoadText({ primary, candidate }: ExtraLoad): SafeText {
  const often = primary === candidate ? safe`again` : safe`again, twice`;
  return safe`${candidate} % of requests are executed ${often} by the primary: ${primary}/s more at 100 requests/s`;
}
