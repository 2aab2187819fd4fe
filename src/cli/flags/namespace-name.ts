import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';

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

/**
 * The namespaces of a flag, or else of the environment; undefined: all.
 *
 * @throws Fault when one of them is none.
 */
export function toNamespaces(
  flag: readonly string[] | undefined,
  environment: Environment,
): readonly string[] | undefined {
  const names = flag ?? environment['MODEL_MIRROR_NAMESPACES']?.split(/[\s,]+/) ?? [];
  const given = [...new Set(names.filter((name) => name !== ''))].sort();
  for (const name of given) toNamespace(name);
  return given.length === 0 ? undefined : given;
}
