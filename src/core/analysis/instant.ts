/**
 * A time as RFC 3339 writes it, in UTC and to the second, in years 1970 to 9999. Computed here, because the core has no clock
 * and so no `Date` (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
 *
 * @param time in ms since the epoch
 */
export function toInstant(time: number): string {
  const seconds = Math.floor(time / 1000);
  // Days since 1 March of the year 0, which puts the leap day at the end of a year.
  const days = Math.floor(seconds / 86_400) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const ofDay = seconds % 86_400;
  const date = [pad(year, 4), pad(month, 2), pad(day, 2)].join('-');
  const clock = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60]
    .map((part) => pad(part, 2))
    .join(':');
  return `${date}T${clock}Z`;
}

/** @returns in ms since the epoch, what `toInstant` has written; undefined: it did not write that. */
export function fromInstant(text: string): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  // `days_from_civil`, of the years from 1 March.
  const ofMarch = month <= 2 ? year - 1 : year;
  const fromMarch = month <= 2 ? month + 9 : month - 3;
  const dayOfYear = Math.floor((153 * fromMarch + 2) / 5) + day - 1;
  const days =
    ofMarch * 365 + Math.floor(ofMarch / 4) - Math.floor(ofMarch / 100) + Math.floor(ofMarch / 400) + dayOfYear;
  const time = (((days - 719_468) * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
  return toInstant(time) === text ? time : undefined;
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
