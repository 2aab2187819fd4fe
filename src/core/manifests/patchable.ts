/**
 * The fields that patches may change. All others are refused: a list of forbidden fields would have to contain every
 * way to send a request elsewhere.
 *
 * A field is listed if no value of it changes which requests reach which version. Its schema refuses values that the API
 * server would refuse: such an object would delay the commit that closes its mirror.
 */
import * as v from 'valibot';
import type { FieldPath } from '../diagnostics/problem.ts';
import { dnsLabel, labelValue } from '../input/schema-parts.ts';
import type { Manifest } from './manifest.ts';
import { managedByLabel, nameLabel, versionLabel } from './manifest.ts';

type Step = string | number | ((key: string | number) => boolean);

/** A field that patches may change, with everything below it. */
export interface PatchableField {
  /** For messages and the reference; `*` is any key that no other program reads, `[…]` any index, `[1…]` any except the first. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** The values that the field may have after the patch. */
  readonly schema: v.GenericSchema;
  /** Whether it must exist after the patch. */
  readonly isRequired: boolean;
}

export interface Patchable {
  readonly fields: readonly PatchableField[];
  /** What is wrong with the whole object after a patch, in two lines: what is wrong, and what to do. */
  readonly check?: (manifest: Manifest) => string | undefined;
}

/** An object, and what patches may change of it. */
export interface PatchableManifest {
  readonly manifest: Manifest;
  readonly patchable: Patchable;
}

/** The field at a path or around it, and the path of that field. */
export function findPatchable(
  { fields }: Patchable,
  path: FieldPath,
): { readonly field: PatchableField; readonly at: FieldPath } | undefined {
  const field = fields.find(
    ({ steps }) =>
      steps.length <= path.length &&
      steps.every((step, i) => {
        const key = path[i] as string | number;
        return typeof step === 'function' ? step(key) : step === key;
      }),
  );
  return field && { field, at: path.slice(0, field.steps.length) };
}

export function allow(name: string, schema: v.GenericSchema, { isRequired = false } = {}): PatchableField {
  const steps = (name.match(/\[[^[\]]*\]|[^.[\]]+/g) ?? []).map((part): Step => {
    if (part === '*') return isFreeKey;
    if (part === '[…]') return (key) => typeof key === 'number';
    if (part === '[1…]') return (key) => typeof key === 'number' && key >= 1;
    return part.startsWith('[') ? Number(part.slice(1, -1)) : part;
  });
  return { name, steps, schema, isRequired };
}

export function allowAnnotation(key: string, isKey: (key: string | number) => boolean, schema: v.GenericSchema) {
  return {
    name: `metadata.annotations["${key}"]`,
    steps: ['metadata', 'annotations', isKey],
    schema,
    isRequired: false,
  } satisfies PatchableField;
}

/** The domains of programs that read labels and annotations of these objects: such a key may disable an object. */
const foreignDomains = [
  'istio.io',
  'kserve.io',
  'argoproj.io',
  'helm.sh',
  'kubectl.kubernetes.io',
  'service.kubernetes.io',
  'model-mirror.dev',
];
/** The watcher finds the objects of a model by these, and Argo CD those of an Application by the last one. */
const ownKeys = [managedByLabel, nameLabel, versionLabel, 'app.kubernetes.io/instance'];

/** Whether the API server accepts it as the key of a label or annotation. */
export function isQualifiedName(key: string): boolean {
  const [name, domain, ...more] = key.split('/').reverse();
  const isDomain =
    domain === undefined || (domain.length <= 253 && domain.split('.').every((part) => dnsLabel.test(part)));
  return isDomain && more.length === 0 && v.is(labelValue(), name);
}

/** Whether model-mirror, Istio, KServe and Argo CD do not read this label or annotation. */
function isFreeKey(key: string | number): boolean {
  if (typeof key !== 'string' || ownKeys.includes(key) || !isQualifiedName(key)) return false;
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  return !foreignDomains.some((foreign) => domain === foreign || domain.endsWith(`.${foreign}`));
}

/** The value of a label or annotation. */
export const text = () => v.string('this is not a string\nput quotes around the value');
const syncOptions = 'argocd.argoproj.io/sync-options';

/** The fields of every object. */
export const metadata: readonly PatchableField[] = [
  allow('metadata.labels.*', v.pipe(text(), labelValue())),
  allow('metadata.annotations.*', text()),
  allowAnnotation(
    syncOptions,
    (key) => key === syncOptions,
    // sync-order.ts refuses options that make a sync wait, from any file.
    v.pipe(
      text(),
      v.check(
        (options) => !/(^|,)\s*Force=true/.test(options),
        'Force=true makes Argo CD delete and recreate the object, and requests have no route in between\nremove it',
      ),
    ),
  ),
];
