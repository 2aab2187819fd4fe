import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';

/** @throws Fault when it cannot be the name of a namespace. */
export function toNamespace(text: string | undefined): string | undefined {
  if (text !== undefined && !dnsLabel.test(text))
    throw new Fault(
      'usage',
      safe`${quote(text)} is not the name of a namespace`,
      safe`use at most 63 lower-case letters, digits and "-"`,
    );
  return text;
}
