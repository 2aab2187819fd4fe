import type { ModelStatus } from '../input/schema.ts';
import { dnsLabel } from '../input/schema-parts.ts';

/** The namespace that a status file names, if Kubernetes could have it: it goes into addresses. */
export function readNamespace(status: ModelStatus | undefined): string | undefined {
  const namespace = status?.metadata.namespace;
  return namespace !== undefined && dnsLabel.test(namespace) ? namespace : undefined;
}
