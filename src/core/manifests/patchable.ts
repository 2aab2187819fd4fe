/**
 * What patches may change of an object. Everything else is refused: a list of what is forbidden would have to
 * name every way in which a request can be sent elsewhere.
 *
 * A field is listed when no value of it changes which requests reach which version. Its schema keeps an
 * object from being one that the API server refuses: that would hold up the commit that closes its mirror.
 */
import * as v from 'valibot';
import type { FieldPath } from '../diagnostics/problem.ts';
import { dnsLabel, labelValue } from '../input/schema-parts.ts';
import type { Manifest } from './manifest.ts';
import { managedByLabel, nameLabel, versionLabel } from './manifest.ts';

type Step = string | number | ((key: string | number) => boolean);

/** A field that patches may change, with everything below it. */
export interface PatchableField {
  /** For messages and the reference; `*` is any key that no other program reads, `[1…]` any index but the first. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** What the field may be after the patch. */
  readonly schema: v.GenericSchema;
  /** Whether it must still be there after the patch. */
  readonly isRequired: boolean;
}

export interface Patchable {
  readonly fields: readonly PatchableField[];
  /** What is wrong with the whole after all operations of a patch; two lines, what is wrong and what to do. */
  readonly check?: (manifest: Manifest) => string | undefined;
}

/** The field that a path is at or below, and the path of that field. */
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

/** Programs that read labels and annotations of these objects: a key of theirs can switch an object off. */
const foreignDomains = ['istio.io', 'kserve.io', 'argoproj.io', 'helm.sh', 'kubectl.kubernetes.io', 'model-mirror.dev'];
/** The watcher finds a model's objects by these, and Argo CD its Application's by the last. */
const ownKeys = [managedByLabel, nameLabel, versionLabel, 'app.kubernetes.io/instance'];

/** Whether the API server takes it as the key of a label or an annotation. */
export function isQualifiedName(key: string): boolean {
  const [name, domain, ...more] = key.split('/').reverse();
  const isDomain =
    domain === undefined || (domain.length <= 253 && domain.split('.').every((part) => dnsLabel.test(part)));
  return isDomain && more.length === 0 && v.is(labelValue(), name);
}

/** Whether a label or annotation is one that model-mirror, Istio, KServe and Argo CD do not read. */
function isFreeKey(key: string | number): boolean {
  if (typeof key !== 'string' || ownKeys.includes(key) || !isQualifiedName(key)) return false;
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  return !foreignDomains.some((foreign) => domain === foreign || domain.endsWith(`.${foreign}`));
}

/** A value of a label or an annotation. */
export const text = () => v.string('this is not a string\nput quotes around the value');
const syncOptions = 'argocd.argoproj.io/sync-options';

/** Of every object. */
export const metadata: readonly PatchableField[] = [
  allow('metadata.labels.*', v.pipe(text(), labelValue())),
  allow('metadata.annotations.*', text()),
  allowAnnotation(
    syncOptions,
    (key) => key === syncOptions,
    // What makes a sync wait is refused elsewhere (sync-order.ts), wherever it was written.
    v.pipe(
      text(),
      v.check(
        (options) => !/(^|,)\s*Force=true/.test(options),
        'Force=true makes Argo CD delete the object and create it again, and requests have no route in between\nleave it out',
      ),
    ),
  ),
];
