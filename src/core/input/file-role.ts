/** What a file is by its name. */
export type FileRole =
  /** `model.yaml`, `x.model.yaml`, `policy.yaml`, `x.policy.yaml`; the stem is `x`, or empty. */
  | { readonly kind: 'Model' | 'MirrorPolicy'; readonly stem: string }
  /** `status.yaml`, `status.<cluster>.yaml`, `x.status.yaml`, `x.status.<cluster>.yaml`. */
  | { readonly kind: 'ModelStatus' }
  /** Almost one of ours: it ends in `.yml`, or has letters that are too large. */
  | { readonly kind: 'misnamed'; readonly rightName: string };

const written = /^(?:(.+)\.)?(model|policy)\.(yaml|yml)$/i;
const observed = /^(.+\.)?status(\.[^.]+)?\.yaml$/;

/** The role of a file by its name without the folder, or undefined for a file of somebody else. */
export function toFileRole(name: string): FileRole | undefined {
  const match = written.exec(name);
  if (match === null) return observed.test(name) ? { kind: 'ModelStatus' } : undefined;
  const [, stem = '', noun] = match;
  const rightName = `${stem === '' ? '' : `${stem}.`}${noun?.toLowerCase()}.yaml`;
  if (name !== rightName) return { kind: 'misnamed', rightName };
  return { kind: noun === 'model' ? 'Model' : 'MirrorPolicy', stem };
}

/** The name of the status file that belongs to a model file with this stem. */
export function toStatusName(stem: string, cluster: string | undefined): string {
  return [...(stem === '' ? [] : [stem]), 'status', ...(cluster === undefined ? [] : [cluster]), 'yaml'].join('.');
}

/** The cluster that a status file speaks of by its name, if it is one of a cluster. */
export function toStatusCluster(name: string): string | undefined {
  return toFileRole(name)?.kind === 'ModelStatus' ? observed.exec(name)?.[2]?.slice(1) : undefined;
}

const page = /^STATUS(\.[^.]+)?\.md$/;

/** Whether the watcher writes files of this name: the status of a model, or the page of all. */
export function isOfWatcher(name: string): boolean {
  return toFileRole(name)?.kind === 'ModelStatus' || page.test(name);
}
