/**
 * What is kept of a live InferenceService or VirtualService: ten thousand models are twenty thousand of
 * each, and whole objects would be ten times as much.
 *
 * Invariant: whatever an object holds, reading it fails nowhere: it was written by others.
 */
import { isMap, valueAt } from '../input/plain-value.ts';
import { computeLoaded } from '../manifests/digest.ts';
import { digestAnnotation, nameLabel, pathAnnotation, versionLabel } from '../manifests/manifest.ts';
import { loadingAnnotations } from '../serving/modelmesh.ts';

interface LiveObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What KServe says of an InferenceService; an empty text where it says nothing. */
export interface ServiceReport {
  /** The condition Ready: True, False, Unknown. */
  readonly ready: string;
  readonly stopped: boolean;
  /** modelStatus.transitionStatus: UpToDate, InProgress, BlockedByFailedLoad, InvalidSpec. */
  readonly transition: string;
  /** modelStatus.states.activeModelState: Pending, Standby, Loading, Loaded, FailedToLoad. */
  readonly active: string;
  /** modelStatus.states.targetModelState. */
  readonly target: string;
  /** modelStatus.lastFailureInfo. */
  readonly reason: string;
  readonly message: string;
  /** Changes when KServe writes another word: all that is said above, and the latest time that it set. */
  readonly stamp: string;
}

export interface LiveService extends LiveObject {
  readonly kind: 'InferenceService';
  readonly generation: number;
  /** The model it belongs to, by its label. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly digest: string | undefined;
  /** The second digest, computed from the live object: whatever the annotation says, this is what is loaded by. */
  readonly loads: string;
  readonly deleting: boolean;
  /** Undefined until KServe has written a status. */
  readonly report: ServiceReport | undefined;
  /**
   * Whether the API server's own record (managedFields) shows that the status was written in a later
   * second than what determines what is loaded. The API server renews a time only when a write changes a value.
   */
  readonly statusIsLater: boolean;
  /**
   * Whether what determines what is loaded is still as the object was created with. `unrecorded`: nothing
   * speaks against it, but the API server's record is not there to prove it.
   */
  readonly isFirst: 'yes' | 'no' | 'unrecorded';
}

export interface LiveRoute extends LiveObject {
  readonly kind: 'VirtualService';
  /** The model's folder from the repository's root; hop 1 alone has it. */
  readonly path: string | undefined;
  /** The share of requests that is mirrored, in percent; 0: none. */
  readonly percentage: number;
  /** The InferenceService that requests are led to. */
  readonly to: string | undefined;
  /** Argo CD's annotation, or else its label: which Application applied it. */
  readonly tracking: string | undefined;
}

export type Live = LiveService | LiveRoute;

/** How one object of a kind is found again: `namespace/name`. */
export function toKey({ namespace, name }: Pick<LiveObject, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** The annotation that Argo CD writes by default since 3.0: `<application>:<group>/<kind>:<namespace>/<name>`. */
const trackingAnnotation = 'argocd.argoproj.io/tracking-id';
/** What it writes instead with the tracking method `label`, unless argocd-cm has an `application.instanceLabelKey`. */
const defaultInstanceLabel = 'app.kubernetes.io/instance';

/** An InferenceService as the API serves it → what is kept of it. */
export function toLiveService(object: unknown): LiveService {
  const status = valueAt(object, ['status']);
  const generation = valueAt(object, ['metadata', 'generation']);
  return {
    kind: 'InferenceService',
    ...toIdentity(object),
    generation: typeof generation === 'number' ? generation : 0,
    model: textAt(object, ['metadata', 'labels', nameLabel]),
    version: textAt(object, ['metadata', 'labels', versionLabel]),
    digest: textAt(object, ['metadata', 'annotations', digestAnnotation]),
    loads: computeLoaded(object),
    deleting: textAt(object, ['metadata', 'deletionTimestamp']) !== undefined,
    report: isMap(status) && Object.keys(status).length > 0 ? toReport(status) : undefined,
    ...toRecord(object),
  };
}

/**
 * A VirtualService as the API serves it → what is kept of it.
 *
 * @param instanceLabel in which Argo CD names the Application, where it does not write its annotation.
 */
export function toLiveRoute(object: unknown, instanceLabel = defaultInstanceLabel): LiveRoute {
  const route = ['spec', 'http', 0];
  return {
    kind: 'VirtualService',
    ...toIdentity(object),
    path: textAt(object, ['metadata', 'annotations', pathAnnotation]),
    percentage: toPercentage(object, route),
    to: textAt(object, [...route, 'route', 0, 'headers', 'request', 'set', 'mm-vmodel-id']),
    tracking:
      textAt(object, ['metadata', 'annotations', trackingAnnotation]) ??
      textAt(object, ['metadata', 'labels', instanceLabel]),
  };
}

function toIdentity(object: unknown): LiveObject {
  const at = (key: string) => textAt(object, ['metadata', key]) ?? '';
  return { namespace: at('namespace'), name: at('name'), uid: at('uid') };
}

function toReport(status: object): ServiceReport {
  const conditions = toMaps(valueAt(status, ['conditions']));
  const condition = (type: string) =>
    textAt(
      conditions.find((found) => found['type'] === type),
      ['status'],
    ) ?? '';
  const modelStatus = (...path: string[]) => textAt(status, ['modelStatus', ...path]) ?? '';
  const times = conditions.map((found) => textAt(found, ['lastTransitionTime']) ?? '');
  const said = {
    ready: condition('Ready'),
    stopped: condition('Stopped') === 'True',
    transition: modelStatus('transitionStatus'),
    active: modelStatus('states', 'activeModelState'),
    target: modelStatus('states', 'targetModelState'),
    reason: modelStatus('lastFailureInfo', 'reason'),
  };
  const latest = [...times, modelStatus('lastFailureInfo', 'time')].reduce((a, b) => (a > b ? a : b));
  const stamp = [...Object.values(said), latest].join(' ');
  return { ...said, message: modelStatus('lastFailureInfo', 'message'), stamp };
}

/** Absent means 100 (Istio's VirtualService reference); Envoy knows four decimals. */
function toPercentage(object: unknown, route: readonly (string | number)[]): number {
  if (!isMap(valueAt(object, [...route, 'mirror']))) return 0;
  const written = valueAt(object, [...route, 'mirrorPercentage']);
  if (written === undefined) return 100;
  const value = valueAt(written, ['value']);
  if (typeof value !== 'number' || !(value > 0)) return 0;
  return Math.min(100, Math.round(value * 10_000) / 10_000);
}

/** What the API server's own record of writes, to the second, says of the spec and the status. */
function toRecord(object: unknown): Pick<LiveService, 'statusIsLater' | 'isFirst'> {
  const entries = toMaps(valueAt(object, ['metadata', 'managedFields']));
  const latest = (chosen: readonly object[]) =>
    chosen.map((entry) => textAt(entry, ['time']) ?? '').reduce((a, b) => (a > b ? a : b), '');
  const written = latest(entries.filter(({ fieldsV1 }) => isOfLoading(fieldsV1)));
  const created = textAt(object, ['metadata', 'creationTimestamp']) ?? '';
  const isRecorded = written !== '' && created !== '';
  const isFirst = valueAt(object, ['metadata', 'generation']) === 1 && (!isRecorded || written <= created);
  return {
    statusIsLater: written !== '' && latest(entries.filter((entry) => entry['subresource'] === 'status')) > written,
    isFirst: isFirst ? (isRecorded ? 'yes' : 'unrecorded') : 'no',
  };
}

/** Whether a manager owns something that determines what is loaded: the spec, or one of its annotations. */
function isOfLoading(fields: unknown): boolean {
  if (isMap(valueAt(fields, ['f:spec']))) return true;
  const annotations = valueAt(fields, ['f:metadata', 'f:annotations']);
  return loadingAnnotations.some((key) => valueAt(annotations, [`f:${key}`]) !== undefined);
}

function toMaps(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isMap) : [];
}

function textAt(value: unknown, path: readonly (string | number)[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}
