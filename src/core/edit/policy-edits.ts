/** The edit of a policy file: the share that is mirrored. */

import type { MirrorPolicy } from '../input/schema.ts';
import { apiVersion } from '../input/schema-parts.ts';
import type { SourceFile } from '../input/source-file.ts';
import { toScalar } from '../manifests/manifest-text.ts';
import { addField, addFirstField, setField } from './field-edits.ts';
import type { Edited } from './proof.ts';
import { prove } from './proof.ts';

const path = ['spec', 'mirrorPercentage'];

/**
 * Sets the percentage in a policy, or adds it as the first of its fields.
 *
 * @param source the text of the policy, without problems.
 * @param percentage 0 to 100.
 */
export function setMirrorPercentage(source: SourceFile, policy: MirrorPolicy, percentage: number): Edited {
  const { text } = source;
  const desired = { ...policy, spec: { ...policy.spec, mirrorPercentage: percentage } };
  const isThere = policy.spec.mirrorPercentage !== undefined;
  const last = Object.keys(policy.spec).at(-1);
  return prove(
    source,
    isThere ? path : ['spec'],
    desired,
    isThere
      ? [() => setField(text, path, percentage)]
      : [
          () => addFirstField(text, path, percentage),
          () => (last === undefined ? undefined : addField(text, path, last, percentage)),
        ],
  );
}

/**
 * A policy with nothing but the percentage.
 *
 * @param model the text of the model beside it: where it names its schema, as `init` writes it, the policy's schema is
 * in the same folder.
 */
export function toPolicyText(name: string, percentage: number, model: string): string {
  const [, comment, folder] = /^(# yaml-language-server: \$schema=)(\S*)model\.schema\.json\r?$/m.exec(model) ?? [];
  const schema = comment === undefined ? '' : `${comment}${folder}policy.schema.json\n`;
  return `${schema}apiVersion: ${apiVersion}
kind: MirrorPolicy
metadata:
  name: ${toScalar(name)}
spec:
  mirrorPercentage: ${percentage}
`;
}
