/** What the branch declares and what the cluster has, as values. */
import type { Live } from '../../src/core/observe/live-object.ts';
import { toLiveService } from '../../src/core/observe/live-object.ts';
import type { BranchOptions } from '../../src/watch/branch-files.ts';
import { BranchFiles } from '../../src/watch/branch-files.ts';
import { LiveCache } from '../../src/watch/live-cache.ts';
import { loaded, toServiceObject } from '../core/observe/live-objects.ts';
import { MemoryBranch, MemoryRepository } from './memory-branch.ts';

type Files = Readonly<Record<string, string>>;

/** The models of a branch with these files, by path. */
export async function declare(files: Files, given: Partial<BranchOptions> = {}): Promise<BranchFiles> {
  const repository = new MemoryRepository();
  repository.edit(files);
  const branch = new MemoryBranch(repository);
  const models = new BranchFiles({ path: '.', cluster: undefined, page: false, ...given });
  await models.update(await branch.fetch(), branch.read);
  return models;
}

export function toCache(...objects: readonly Live[]): LiveCache {
  const cache = new LiveCache(undefined);
  for (const live of objects) cache.put(live);
  return cache;
}

/** The two versions of a model, the candidate's in a given state; their statuses are known to be current. */
export function toServices(model: string, status: object | undefined, digest = 'd2'): Live[] {
  return (['0', '1'] as const).map((n) => {
    const version = n === '0' ? { version: 'v1', digest: 'd1', status: loaded } : { version: 'v2', digest, status };
    const object = toServiceObject({
      name: `${model}-${n}`,
      uid: `${model}-${n}`,
      version: version.version,
      digest: version.digest,
      ...(version.status === undefined ? {} : { status: version.status }),
    }) as { metadata: { labels: Record<string, string> } };
    object.metadata.labels['app.kubernetes.io/name'] = model;
    return { ...toLiveService(object), statusIsLater: true };
  });
}

export const inNamespace = <T extends Live>(live: T, namespace: string): T => ({ ...live, namespace });
