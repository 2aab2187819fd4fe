/**
 * Who wrote what the pods of a Deployment are made of, and when, by the API server's record.
 *
 * Whoever runs `kubectl set image`, `kubectl edit` or `kubectl rollout undo` leaves our digest in place. KServe takes each
 * field back when it restores it, and the record forgets who had it (structured-merge-diff, merge/update.go). A field that
 * is removed has no owner; that shows in the Deployment's generation alone (`report.ts`).
 */
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import { digestAnnotation } from '../../manifests/manifest.ts';
import type { TemplateWrites } from '../workload.ts';

const template = ['fieldsV1', 'f:spec', 'f:template'];
const digest = [...template, 'f:metadata', 'f:annotations', `f:${digestAnnotation}`];
const owners = ['fieldsV1', 'f:metadata', 'f:ownerReferences'];

export function readTemplateWrites(deployment: unknown): TemplateWrites | undefined {
  const writers = mapsAt(deployment, ['metadata', 'managedFields']).filter((one) => isMap(valueAt(one, template)));
  const at = writers.map((one) => textAt(one, ['time']) ?? '').reduce((a, b) => (a > b ? a : b), '');
  if (at === '') return undefined;
  // KServe made the Deployment, and nobody else writes our digest into it. An autoscaler owns the number of replicas.
  const isKServe = (one: PlainMap) => valueAt(one, owners) !== undefined || valueAt(one, digest) !== undefined;
  const own = writers.filter(isKServe).map((one) => valueAt(one, template));
  const editor = writers.find((one) => !isKServe(one) && hasMore(valueAt(one, template), own));
  return { at, editor: editor && (textAt(editor, ['manager']) ?? 'somebody') };
}

/** Whether there is a field that none of the others has: what KServe has as well, it has with the same value. */
function hasMore(fields: unknown, others: readonly unknown[]): boolean {
  return Object.entries(isMap(fields) ? fields : {}).some(([key, below]) => {
    const known = others.filter((one) => isMap(one) && Object.hasOwn(one, key));
    const next = known.map((one) => valueAt(one, [key]));
    return known.length === 0 || hasMore(below, next);
  });
}
