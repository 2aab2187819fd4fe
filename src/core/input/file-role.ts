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
  return toStatusParts(name)?.cluster;
}

/** Which model file of the same folder a status file is about, and which cluster; undefined: it is not a status file. */
export function toStatusParts(
  name: string,
): { readonly model: string; readonly stem: string; readonly cluster: string | undefined } | undefined {
  if (toFileRole(name)?.kind !== 'ModelStatus') return undefined;
  const [, start, end] = observed.exec(name) ?? [];
  const stem = start?.slice(0, -1) ?? '';
  return { model: stem === '' ? 'model.yaml' : `${stem}.model.yaml`, stem, cluster: end?.slice(1) };
}

const page = /^STATUS(\.[^.]+)?\.md$/;

/** Whether the watcher writes pages of this name. */
export function isPageName(name: string): boolean {
  return page.test(name);
}

/** The first line of a page that the watcher wrote. */
export const pageMark = '<!-- Written by the model-mirror watcher. Do not edit. -->';

/** Whether a watcher wrote this status file, broken or not. */
export function isStatusText(text: string): boolean {
  return /^kind: *ModelStatus *$/m.test(text) && text.includes('model-mirror.dev/');
}

/** Whether the watcher writes files of this name: the status of a model, or the page of all models. */
export function isOfWatcher(name: string): boolean {
  return toFileRole(name)?.kind === 'ModelStatus' || isPageName(name);
}
