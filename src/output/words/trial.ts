/** What is known of a candidate before it is promoted. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { PromotedTrial } from '../../core/edit/outcome.ts';
import type { MirrorTime } from '../../core/rollout/promotion-limit.ts';
import { findMissingTime } from '../../core/rollout/promotion-limit.ts';
import { toDurationText } from '../time-text.ts';
import { toVerdictText } from './verdict.ts';

/** `v2 was mirrored for 3 d 4 h, at 5 % last; Passing since 2027-01-01T00:00:00Z: errors.rate 0 of 2000, …`. */
export function toTrialText(trial: PromotedTrial): SafeText {
  const { verdict, isCompared } = trial;
  const judged =
    verdict !== undefined
      ? toVerdictText(verdict, 'at' in verdict ? verdict.at : undefined)
      : isCompared
        ? safe`nothing is decided about it`
        : safe`it was not compared with the primary`;
  return safe`${toMirroredText(trial)}; ${judged}`;
}

function toMirroredText({ version, mirrored }: PromotedTrial): SafeText {
  const name = mask(version);
  if (mirrored === undefined) return safe`how long ${name} was mirrored is not known, as git's history is not here`;
  const { seconds, lastPercentage, isWhole } = mirrored;
  if (lastPercentage === undefined)
    return isWhole ? safe`${name} was never mirrored` : safe`${name} was not mirrored in the commits of this clone`;
  const least = isWhole ? '' : 'at least ';
  return safe`${name} was mirrored for ${least}${mask(toDurationText(seconds))}, at ${lastPercentage} % last`;
}

/** `the candidate was mirrored for 3 h: 21 h are missing for a promotion`. */
export function toMirrorTimeText(time: MirrorTime): SafeText {
  const { seconds, isWhole } = time;
  const missing = findMissingTime(time);
  if (seconds === undefined)
    return safe`how long the candidate was mirrored is not known, as git's history is not here`;
  const least = isWhole ? '' : 'at least ';
  const mirrored = safe`the candidate was mirrored for ${least}${mask(toDurationText(seconds))}`;
  if (missing === 0) return safe`${mirrored}: long enough for a promotion`;
  return isWhole
    ? safe`${mirrored}: ${mask(toDurationText(missing))} more before a promotion`
    : safe`${mirrored}, and older commits may show more: run git fetch --unshallow`;
}
