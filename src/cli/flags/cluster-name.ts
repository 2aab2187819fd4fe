import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';

/** Part of the name of a status file, which must differ from those of models and policies. */
const clusterName = /^(?!(?:model|policy)$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** @throws Fault when it cannot be part of a file's name. */
export function toClusterName(text: string | undefined): string | undefined {
  if (text !== undefined && !clusterName.test(text))
    throw new Fault(
      'usage',
      safe`${quote(text)} is not the name of a cluster`,
      safe`use lower-case letters, digits and "-"; "model" and "policy" are taken by other files`,
    );
  return text;
}
