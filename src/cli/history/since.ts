import type { HistoryRequest } from '../../commands/history.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';

const daySeconds = 86_400;
const units: Readonly<Record<string, number>> = { minute: 60, hour: 3_600, day: daySeconds, week: 7 * daySeconds };

/**
 * What `--since` names: a date in UTC with or without a time, `today`, `yesterday`, `2 days ago`, or else a revision.
 *
 * @param now seconds since 1970. Days begin at midnight UTC, in which the history is shown.
 * @throws Fault for a date that does not exist, and for words that no revision can be.
 */
export function toSince(text: string, now: number): Exclude<HistoryRequest['since'], undefined> {
  const midnight = now - (now % daySeconds);
  if (text === 'today') return midnight;
  if (text === 'yesterday') return midnight - daySeconds;
  const [, count, unit] = /^(\d{1,4}) (minute|hour|day|week)s? ago$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (units[unit] ?? 0);
  const [, date, clock = '00:00', seconds = ':00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?Z?)?$/.exec(text) ?? [];
  if (date !== undefined) return toTime(text, date, `${clock}${seconds}`);
  // Revisions with a space have a sign of git's in them, too: HEAD@{2 days ago}, :/subject of a commit.
  if (!/^[\w-]+(?: [\w-]+)+$/.test(text)) return { revision: text };
  throw new Fault(
    'usage',
    safe`${quote(text)} is neither a time nor a revision`,
    safe`write today, yesterday, "2 days ago" (or minutes, hours, weeks), 2026-11-01, 2026-11-01T09:30 or a revision`,
  );
}

function toTime(text: string, date: string, clock: string): number {
  const time = new Date(`${date}T${clock}Z`);
  // JavaScript takes the 30th of February for a day in March.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(date))
    throw new Fault('usage', safe`${quote(text)} is not a date`, safe`write it as 2026-11-01 or 2026-11-01T09:30`);
  return time.getTime() / 1000;
}
