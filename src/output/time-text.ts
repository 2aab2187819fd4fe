/** Times and durations as people read them, in UTC: the same on every machine. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `2026-11-23 09:15:04`, of seconds since 1970. */
export function toTimeText(seconds: number): string {
  const days = Math.floor(seconds / day);
  const rest = seconds - days * day;
  const { year, month, date } = toDate(days);
  return `${pad(year, 4)}-${pad(month)}-${pad(date)} ${pad(Math.floor(rest / hour))}:${pad(Math.floor((rest % hour) / minute))}:${pad(Math.floor(rest % minute))}`;
}

/** `42 s`, `3 min 5 s`, `2 h 5 min`, `3 d 4 h`, of seconds. */
export function toDurationText(seconds: number): string {
  const part = (count: number, unit: string) => (count === 0 ? [] : [`${count} ${unit}`]);
  const pair = (large: number, unit: string, small: number, smaller: string) => {
    const count = Math.floor(seconds / large);
    return [...part(count, unit), ...part(Math.floor((seconds - count * large) / small), smaller)].join(' ');
  };
  if (seconds < minute) return `${Math.floor(seconds)} s`;
  if (seconds < hour) return pair(minute, 'min', 1, 's');
  return seconds < day ? pair(hour, 'h', minute, 'min') : pair(day, 'd', hour, 'h');
}

/** Days since 1970-01-01 → the date (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
function toDate(days: number): { year: number; month: number; date: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    date: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}
