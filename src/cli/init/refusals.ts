/** What is wrong with an answer; undefined: nothing. */
import { isFault } from '../../core/diagnostics/fault.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';

export function refuseName(typed: string): string | undefined {
  if (dnsLabel.test(typed)) return undefined;
  const near = typed
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    // Each run of other characters has become one dash.
    .replace(/^-|-$/g, '');
  return `use at most 63 lower-case letters, digits and "-"${near === '' ? '' : `, as in ${near}`}`;
}

export function refuseTaken(path: string | undefined): string | undefined {
  return path === undefined ? undefined : `${path} exists already: enter another name`;
}

/** What is wrong with an answer, by what it becomes. */
export function refuseWith(read: (typed: string) => unknown): (typed: string) => string | undefined {
  return (typed) => {
    try {
      read(typed);
      return undefined;
    } catch (error) {
      if (isFault(error)) return `${error.message}: ${error.hint}`;
      throw error;
    }
  };
}
