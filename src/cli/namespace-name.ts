import { quote, safe } from '../input/safe-text.ts';
import type { ModelStatus } from '../input/schema.ts';
import { dnsLabel } from '../input/schema-parts.ts';
import { Fault } from '../io/fault.ts';

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
