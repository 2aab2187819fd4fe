/**
 * What is kept of a live InferenceService, route or workload: ten thousand models have twenty thousand of each, and
 * whole objects would take ten times the memory.
 *
 * Invariant: reading never fails, whatever others wrote into an object.
 */
import type { AnalysisTask } from '../analysis/task.ts';
import { readTask } from '../analysis/task.ts';
import { isMap, mapsAt, textAt, valueAt } from '../input/plain-value.ts';
import { digestAnnotation, nameLabel, versionLabel } from '../manifests/manifest.ts';
import type { Router } from '../routing/router.ts';
import { routers } from '../routing/routers.ts';
import { computeHash, computeLoaded } from '../serving/digest.ts';
import { findLiveMode, readVersion } from '../serving/modes.ts';
import type { ServiceReport, ServingMode, WorkloadReader } from '../serving/serving-mode.ts';
import type { LiveWorkload } from '../serving/workload.ts';
import { toLastingText } from './lasting-text.ts';

interface LiveObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface LiveService extends LiveObject {
  readonly is: 'version';
  readonly kind: string;
  readonly mode: ServingMode;
  readonly generation: number;
  /** The model it belongs to, by its label. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly digest: string | undefined;
  /** The second digest, computed from the live object: whatever the annotation has, this determines what is loaded. */
  readonly loads: string;
  readonly deleting: boolean;
  /** The names of the workloads that must run it; none where the serving mode has no such. */
  readonly parts: readonly string[];
  /** What its status reports by itself; undefined until KServe has written one. */
  readonly report: ServiceReport | undefined;
  /**
   * Whether the API server's own record (managedFields) shows that the status was written in a later
   * second than what determines what is loaded. The API server updates a time only when a write changes a value.
   */
  readonly statusIsLater: boolean;
  /** When it shows that something that determines what is loaded was written last; undefined: there is no record. */
  readonly writtenAt: string | undefined;
  /**
   * Whether what determines what is loaded is still as the object was created with. `unrecorded`: nothing
   * contradicts it, but there is no record of the API server to prove it.
   */
  readonly isFirst: 'yes' | 'no' | 'unrecorded';
}

export interface LiveRoute extends LiveObject {
  readonly is: 'route';
  readonly kind: string;
  /** The model's folder from the repository's root; hop 1 alone has it. */
  readonly path: string | undefined;
  /** The share of requests that is mirrored, in percent; 0: none. */
  readonly percentage: number;
  /** The InferenceService that requests are routed to. */
  readonly to: string | undefined;
  /** What the comparer is to compare; undefined: it gets no copies. */
  readonly task: AnalysisTask | undefined;
  /** Argo CD's annotation, or else its label: which Application applied it. */
  readonly tracking: string | undefined;
}

export type Live = LiveService | LiveRoute | LiveWorkload;

/** How one object of a kind is found again: `namespace/name`. */
export function toKey({ namespace, name }: Pick<LiveObject, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** The InferenceService that a workload names. */
export function toServiceKey({ namespace, service }: LiveWorkload): string {
  return toKey({ namespace, name: service });
}

/** The annotation that Argo CD writes by default since 3.0: `<application>:<group>/<kind>:<namespace>/<name>`. */
const trackingAnnotation = 'argocd.argoproj.io/tracking-id';
/** What it writes instead with the tracking method `label`, unless argocd-cm has an `application.instanceLabelKey`. */
const defaultInstanceLabel = 'app.kubernetes.io/instance';

const none: readonly string[] = [];

/** An InferenceService as the API serves it → what is kept of it. */
export function toLiveService(object: unknown): LiveService {
  const mode = findLiveMode(object);
  const status = valueAt(object, ['status']);
  const generation = valueAt(object, ['metadata', 'generation']);
  return {
    is: 'version',
    kind: mode.watched.kind,
    mode,
    ...toIdentity(object),
    generation: typeof generation === 'number' ? generation : 0,
    model: textAt(object, ['metadata', 'labels', nameLabel]),
    version: textAt(object, ['metadata', 'labels', versionLabel]),
    digest: textAt(object, ['metadata', 'annotations', digestAnnotation]),
    loads: computeLoaded(object, mode),
    deleting: textAt(object, ['metadata', 'deletionTimestamp']) !== undefined,
    parts: mode.workloads?.findParts(object) ?? none,
    report: isMap(status) && Object.keys(status).length > 0 ? mode.readReport(status) : undefined,
    ...toRecord(object, mode),
  };
}

/**
 * An object that a router watches, as the API serves it → what is kept of it.
 *
 * @param router which one; the API does not repeat the kind in lists.
 * @param instanceLabel in which Argo CD names the Application, where it does not write its annotation.
 */
export function toLiveRoute(
  object: unknown,
  router: Router = routers[0],
  instanceLabel = defaultInstanceLabel,
): LiveRoute {
  const { folder, requests, copies } = router.read([object]);
  const backends = copies?.candidate ?? requests?.primary ?? [];
  return {
    is: 'route',
    kind: router.watched.kind,
    ...toIdentity(object),
    path: folder,
    percentage: requests?.mirror?.percentage ?? 0,
    task: toOwnTask(readTask(requests?.sample?.task)),
    to: backends.map(readVersion).find((version) => version !== undefined),
    tracking:
      textAt(object, ['metadata', 'annotations', trackingAnnotation]) ??
      textAt(object, ['metadata', 'labels', instanceLabel]),
  };
}

/**
 * Whoever can write a route could otherwise have a candidate judged by easier rules than those of the policy that it names,
 * which `toAnalysisDigest` makes the digest of.
 */
function toOwnTask(task: AnalysisTask | undefined): AnalysisTask | undefined {
  if (task === undefined) return undefined;
  const { subject, checks, noise, confidence, minSamples, holdMs, shares } = task;
  const inSteps = shares.length > 0 && { ramp: { steps: shares, holdMs } };
  const digest = computeHash({ checks, noise, confidence, minSamples, ...inSteps });
  return digest === subject.analysis && (inSteps !== false || holdMs === 0) ? task : undefined;
}

/**
 * An object that a serving mode watches beside InferenceServices, as the API serves it → what is kept of it.
 *
 * @returns undefined: nothing needs to be, as of a Pod that is well.
 */
export function toLiveWorkload(object: unknown, reader: WorkloadReader, kind: string): LiveWorkload | undefined {
  const found = reader.read(object, kind);
  if (found?.trouble === undefined) return found;
  const { reason, message } = found.trouble;
  // A termination message alone may have 4 KiB.
  return { ...found, trouble: { reason: toLastingText(reason), message: toLastingText(message) } };
}

function toIdentity(object: unknown): LiveObject {
  const at = (key: string) => textAt(object, ['metadata', key]) ?? '';
  return { namespace: at('namespace'), name: at('name'), uid: at('uid') };
}

/** What the API server's own record of writes shows of the spec and the status, to the second. */
function toRecord(object: unknown, mode: ServingMode): Pick<LiveService, 'statusIsLater' | 'writtenAt' | 'isFirst'> {
  const entries = mapsAt(object, ['metadata', 'managedFields']);
  const latest = (chosen: readonly object[]) =>
    chosen.map((entry) => textAt(entry, ['time']) ?? '').reduce((a, b) => (a > b ? a : b), '');
  const written = latest(entries.filter(({ fieldsV1 }) => isOfLoading(fieldsV1, mode)));
  const created = textAt(object, ['metadata', 'creationTimestamp']) ?? '';
  const isRecorded = written !== '' && created !== '';
  const isFirst = valueAt(object, ['metadata', 'generation']) === 1 && (!isRecorded || written <= created);
  const reported = latest(entries.filter((entry) => entry['subresource'] === 'status'));
  return {
    statusIsLater: written !== '' && reported > written,
    writtenAt: written === '' ? undefined : written,
    isFirst: isFirst ? (isRecorded ? 'yes' : 'unrecorded') : 'no',
  };
}

/** Whether a manager owns something that determines what is loaded: the spec, or one of its annotations. */
function isOfLoading(fields: unknown, mode: ServingMode): boolean {
  if (isMap(valueAt(fields, ['f:spec']))) return true;
  return (['annotations', 'labels'] as const).some((field) => {
    const found = valueAt(fields, ['f:metadata', `f:${field}`]);
    return Object.keys(isMap(found) ? found : {}).some((key) => mode.isLoading(field, key.slice('f:'.length)));
  });
}
