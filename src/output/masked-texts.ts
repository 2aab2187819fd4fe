import { mask } from '../core/diagnostics/safe-text.ts';

/** A JSON value in which no text shows a credential, steers a terminal or has several lines. */
export function maskTexts(value: object): object {
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? mask(one) : one))) as object;
}
