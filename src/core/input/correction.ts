/** The hint for a value of the wrong form: the value that was probably meant, so that one edit fixes the problem. */
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';

const units: Readonly<Record<string, string>> = {
  ms: 'ms',
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  m: 'm',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  h: 'h',
  hr: 'h',
  hour: 'h',
  hours: 'h',
};

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  y: true,
  false: false,
  no: false,
  off: false,
  n: false,
};

/** Longer values are not numbers or durations. */
const longest = 40;

/**
 * @param accepts whether the field accepts a value.
 * @returns undefined when nothing that the field accepts is similar.
 */
export function findCorrection(value: unknown, accepts: (choice: unknown) => boolean): SafeText | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') {
    if (accepts(String(value))) return safe`put quotes around it`;
    const meant = ['%', 's', 'ms'].map((unit) => `${value}${unit}`).find(accepts);
    return typeof value === 'number' && meant !== undefined ? safe`write ${mask(meant)}` : undefined;
  }
  if (typeof value !== 'string' || value.length > longest) return undefined;
  const choice = toChoices(value.trim()).find(accepts);
  return choice === undefined ? undefined : safe`write ${mask(String(choice))}`;
}

/** The values that a text can stand for, the most likely first. */
function toChoices(text: string): (string | number | boolean)[] {
  const choices: (string | number | boolean)[] = [];
  const truth = Object.hasOwn(truths, text.toLowerCase()) ? truths[text.toLowerCase()] : undefined;
  if (truth !== undefined) choices.push(truth);
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*|%)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return choices;
  if (unit === '' || unit === '%') choices.push(Number(number));
  if (unit === '' || unit === '%') choices.push(`${number}%`);
  if (unit === '') choices.push(`${number}s`);
  const known = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (known !== undefined) choices.push(`${number}${known}`);
  return choices;
}
