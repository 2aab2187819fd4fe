import { mask } from '../core/diagnostics/safe-text.ts';

/** A JSON value in which no text shows a credential, steers a terminal or has several lines. */
export function maskTexts(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? mask(one) : one))) as object;
}

/** A value for programs, ending in a newline: terminals show it too, and execute what JSON leaves as it is (C1 controls). */
export function toJsonText(value: object): string {
  return `${JSON.stringify(maskTexts(value), null, 2)}\n`;
}
