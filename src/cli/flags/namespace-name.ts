import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { ModelStatus } from '../../core/input/schema.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';

/** @throws Fault when Kubernetes could have none of this name. */
export function toNamespace(text: string | undefined): string | undefined {
  if (text !== undefined && !dnsLabel.test(text))
    throw new Fault(
      'usage',
      safe`${quote(text)} is not the name of a namespace`,
      safe`use at most 63 lower-case letters, digits and "-"`,
    );
  return text;
}

/** The namespace that a status file tells, if Kubernetes could have it: it goes into addresses. */
export function toToldNamespace(status: ModelStatus | undefined): string | undefined {
  const told = status?.metadata.namespace;
  return told !== undefined && dnsLabel.test(told) ? told : undefined;
}
