/** What the name of a file means. */
export type FileRole =
  /** `model.yaml`, `x.model.yaml`, `policy.yaml`, `x.policy.yaml`; the stem is `x`, or empty. */
  | { readonly kind: 'Model' | 'MirrorPolicy'; readonly stem: string }
  /** `status.yaml`, `status.<cluster>.yaml`, `x.status.yaml`, `x.status.<cluster>.yaml`. */
  | { readonly kind: 'ModelStatus' }
  /** Almost one of ours: it ends in `.yml`, or has upper-case letters. */
  | { readonly kind: 'misnamed'; readonly rightName: string };

const written = /^(?:(.+)\.)?(model|policy)\.(yaml|yml)$/i;
const observed = /^(.+\.)?status(\.[^.]+)?\.yaml$/;

/**
 * @param name without the folder.
 * @returns undefined for other files.
 */
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

/** The cluster in the name of a status file. */
export function toStatusCluster(name: string): string | undefined {
  return toFileRole(name)?.kind === 'ModelStatus' ? observed.exec(name)?.[2]?.slice(1) : undefined;
}

const page = /^STATUS(\.[^.]+)?\.md$/;

/** Whether the watcher writes files of this name: the status of a model, or the page of all models. */
export function isOfWatcher(name: string): boolean {
  return toFileRole(name)?.kind === 'ModelStatus' || page.test(name);
}
