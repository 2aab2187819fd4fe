/** What live counts show of a judgement, and why there are none. */
import type { LiveAnalysis, LiveBlindness, LiveCoverage } from '../../core/analysis/live-analysis.ts';
import type { CheckOutlook, Outlook, Prospect } from '../../core/assess/outlook.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { toBlindnessText } from './verdict.ts';

/** `2659 more calls, about 40 min`. */
export function toMissingText({ forecast: { towards, missing, minutes } }: CheckOutlook): SafeText {
  if (missing === undefined) return safe`too near its limit`;
  if (missing === 0) return towards === 'Passing' ? safe`within its limit` : safe`above its limit`;
  const time = minutes === undefined ? safe`` : safe`, ${toAboutText(minutes)}`;
  return towards === 'Passing'
    ? safe`${toCallsText(missing)}${time}`
    : safe`Failing after ${toCallsText(missing)}${time}`;
}

/** Undefined: it is decided. */
export function toProspectText(prospect: Prospect): SafeText | undefined {
  switch (prospect.code) {
    case 'decided':
      return undefined;
    case 'any-moment':
      return safe`All checks are within their limits: the next looks can decide.`;
    case 'holds':
      return safe`All checks are within their limits, and Passing waits for the end of the step: ${toAboutText(prospect.minutes)}.`;
    case 'undecidable':
      return safe`${mask(prospect.check)}: the share of bad calls is so near the limit that no number of calls may decide.`;
    case 'will-pass':
      return prospect.missing === 0
        ? safe`All checks are within their limits: the next looks can decide.`
        : safe`Passing takes about ${toCallsText(prospect.missing)} of ${mask(prospect.check)}: ${toPaceText(prospect)}.`;
    case 'will-fail':
      return prospect.missing === 0
        ? safe`${mask(prospect.check)} is above its limit: it will not pass.`
        : safe`${mask(prospect.check)}: at this share of bad calls it will not pass, but be Failing after about ${toCallsText(prospect.missing)}: ${toPaceText(prospect)}. The true share may still be within the limit.`;
  }
}

function toPaceText({ minutes, perMinute }: Extract<Prospect, { readonly code: 'will-pass' | 'will-fail' }>): SafeText {
  if (perMinute === undefined) return safe`how long that takes is not known yet`;
  if (minutes === undefined) return safe`no such call was counted in the last 10 minutes`;
  return safe`${toAboutText(minutes)} at ${perMinute} calls a minute`;
}

/** Two digits of a large number: it is a guess. */
function toCallsText(calls: number): SafeText {
  const rounded = calls < 1000 ? calls : Number(calls.toPrecision(2));
  return safe`${mask(toGroups(rounded))} more ${calls === 1 ? 'call' : 'calls'}`;
}

/** `140,000`. */
function toGroups(count: number): string {
  if (count < 1000) return String(count);
  return `${toGroups(Math.floor(count / 1000))},${String(count % 1000).padStart(3, '0')}`;
}

const hour = 60;
const day = 24 * hour;

/** `about 40 min`, `about 5 h`: no better than the guess that it is. */
export function toAboutText(minutes: number): SafeText {
  if (minutes < 1) return safe`less than a minute`;
  if (minutes < 3 * hour) return safe`about ${Math.ceil(minutes)} min`;
  if (minutes < 3 * day) return safe`about ${Math.round(minutes / hour)} h`;
  return minutes < 1000 * day ? safe`about ${Math.round(minutes / day)} days` : safe`years`;
}

/** Undefined: no step has to last longer. */
export function toHoldText({ waits }: LiveAnalysis): SafeText | undefined {
  const hold = waits.find((wait) => wait.code === 'hold');
  if (hold === undefined) return undefined;
  if (hold.until === undefined || hold.leftMs === undefined) return safe`The step begins with the first call.`;
  return safe`The step lasts until ${mask(hold.until)} at least: ${toAboutText(hold.leftMs / 60_000)} more.`;
}

/** Undefined: the watcher judges what the files describe. */
export function toAboutSubjectText({ about, live }: Outlook): SafeText | undefined {
  switch (about) {
    case 'same':
      return undefined;
    case 'step':
      return safe`The watcher is at step ${live.subject.step + 1}, attempt ${live.subject.attempt + 1}, and these files are not: run git pull.`;
    case 'other':
      return safe`The watcher judges ${mask(live.subject.candidate.name)} beside ${mask(live.subject.primary.name)} in another version, or by another analysis, than these files have: they are not what runs in the cluster.`;
  }
}

/** The same where what the watcher judges is what runs. Undefined: it is what the files describe. */
export function toAboutRunningText({ about }: Outlook): SafeText | undefined {
  return about === 'same'
    ? undefined
    : safe`These are counts of what runs in the cluster now; what the branch has is not applied yet.`;
}

export function toCoverageText({ since, received, compared, dropped, unknown, perMinute }: LiveCoverage): SafeText {
  if (received === 0 || since === undefined) return safe`No copy has arrived at the comparer yet.`;
  const pace = perMinute === undefined ? safe`` : safe`; lately ${perMinute} a minute`;
  return safe`Copies since ${mask(since)}: ${received} arrived, ${compared} compared, ${dropped} dropped, ${unknown} unknown${pace}.`;
}

export function toLiveBlindnessText(blindness: LiveBlindness): SafeText {
  const expected = 'expected' in blindness && blindness.expected !== undefined ? { expected: blindness.expected } : {};
  return toBlindnessText({ reason: blindness.code, ...expected });
}

/** @param why an `UnjudgedCode`, or a code of a later release. */
export function toUnjudgedText(why: string): SafeText {
  switch (why) {
    case 'unknown-model':
      return safe`the watcher knows no such model: it is in another namespace, repository, branch or folder than the watcher's`;
    case 'not-judged':
      return safe`nothing is being compared now: the live routes send the comparer no copies for this candidate`;
    case 'not-looked':
      return safe`the watcher has just started, and has not asked the comparer yet: try again in a few seconds`;
    case 'not-ready':
      return safe`the watcher has not read the cluster and the branch yet: try again in a few seconds, or look at its /readyz`;
    default:
      // Of a later release.
      return safe`the watcher judges nothing of it: ${quote(why)}`;
  }
}
