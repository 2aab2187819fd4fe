/** Services of the cluster that are called like those that are rendered, and are somebody else's. */
import type { NewModel } from '../../core/adopt/new-model.ts';
import type { InitNote } from '../../core/adopt/outcome.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { isMap, valueAt } from '../../core/input/plain-value.ts';
import { renderServices } from '../../core/render/render-model.ts';
import type { CheckedFiles } from './check.ts';

/** A Service of the cluster, or why nothing is known of it. */
export type ReadService =
  | { readonly code: 'found'; readonly value: unknown }
  | { readonly code: 'absent' }
  | { readonly code: 'unread'; readonly reason: SafeText };

/**
 * Argo CD applies over what exists: a Service of clients would lead to this model's Pods with the first sync.
 *
 * @param read asks the cluster, and does not fail.
 */
export async function findTakenServices(
  { name, namespace }: NewModel,
  { rollouts }: CheckedFiles,
  read: (namespace: string, name: string) => Promise<ReadService>,
): Promise<InitNote[]> {
  const own = rollouts.find(
    ({ rollout }) => rollout.name === name && rollout.file.model.metadata.namespace === namespace,
  );
  if (own === undefined || namespace === undefined) return [];
  const notes: InitNote[] = [];
  for (const { metadata } of renderServices(own.rollout)) {
    const found = await read(namespace, metadata.name);
    if (found.code === 'unread') return [...notes, { code: 'services-unread', namespace, reason: found.reason }];
    if (found.code === 'found' && !hasLabels(found.value, metadata.labels ?? {}))
      notes.push({ code: 'service-taken', namespace, service: metadata.name });
  }
  return notes;
}

/** Our labels name the model, so that a Service of another one is somebody else's, too. */
function hasLabels(object: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  const found = valueAt(object, ['metadata', 'labels']);
  return Object.entries(labels).every(([key, value]) => isMap(found) && found[key] === value);
}
