import { toStatusCluster } from '../input/file-role.ts';
import type { FolderTree } from '../input/folder-tree.ts';

/** The clusters that have status files of their own, such as `west` with `status.west.yaml`; sorted. */
export function listStatusClusters({ files }: Pick<FolderTree, 'files'>): string[] {
  return [...new Set(files.flatMap(({ name }) => toStatusCluster(name) ?? []))].sort();
}
