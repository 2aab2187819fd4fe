/** The port of serving modes: everything about one of them is behind this interface, in the mode's own folder. */

import type { FieldPath, Finding, Severity } from '../diagnostics/problem.ts';
import type { PlainMap } from '../input/plain-value.ts';
import type { ModelState, Protocol } from '../input/schema.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { WatchedKind } from '../manifests/watched-kind.ts';
import type { Backend } from '../routing/traffic.ts';
import type { Cause } from './cause.ts';
import type { LiveWorkload, WorkloadOwner } from './workload.ts';

/** KServe's annotation that chooses the mode of an InferenceService. */
export const deploymentModeAnnotation = 'serving.kserve.io/deploymentMode';

export type InferenceService = Manifest<'InferenceService', PlainMap>;

/** A finding about a field of the rendered object. */
export interface PlacedFinding extends Finding {
  readonly path: FieldPath;
  /** Default: an error. */
  readonly severity?: Severity;
  /** Whether it is about a field's key or, which is the default, its value. */
  readonly on?: 'key' | 'value';
}

/** What a live InferenceService's status reports. */
export interface ServiceReport {
  /** The state of a version that is not known to have been loaded before. */
  readonly state: ModelState;
  /** The state of one that is. */
  readonly stateIfLoaded: ModelState;
  /** Loaded only with the first call: a Ready may rest on this alone. */
  readonly isStandby: boolean;
  readonly isStopped: boolean;
  /** Pending because there is no runtime that can be asked; reason and message explain it. */
  readonly isUnhealthy: boolean;
  /** Empty: none. */
  readonly reason: string;
  readonly message: string;
  /** Changes with each new status: all of the above except the message, and the latest time that is in it. */
  readonly stamp: string;
  /**
   * Whether it is known to be about what is live, or not to be. Undefined: it cannot tell; the history of the
   * InferenceService may.
   */
  readonly isAbout?: boolean;
  /** That the status alone has it as Ready, where that proves nothing. */
  readonly claimsReady?: boolean;
}

/** For modes that give each version pods of its own: these show what the status does not. */
export interface WorkloadReader {
  readonly watched: readonly WatchedKind[];
  /** An object of a watched kind → what is kept of it; undefined: nothing needs to be. */
  readonly read: (object: unknown, kind: string) => LiveWorkload | undefined;
  /** An InferenceService → the names of the workloads that must run it. */
  readonly findParts: (service: unknown) => readonly string[];
  /** A label selector of all Pods, and of what creates them, of the InferenceService with this name. */
  readonly toSelector: (name: string) => string;
  /**
   * @param said by the status alone; undefined: KServe has written none.
   * @param workloads all that name this InferenceService, also those of a former one of its name.
   */
  readonly report: (
    owner: WorkloadOwner,
    said: ServiceReport | undefined,
    workloads: readonly LiveWorkload[],
  ) => ServiceReport;
}

/** A version, with all that decides how requests reach it. */
export interface ServedVersion {
  /** The name of its InferenceService. */
  readonly name: string;
  readonly role: 'primary' | 'candidate';
  readonly model: string;
  readonly namespace: string;
  readonly clusterDomain: string;
  /** The spec of its InferenceService, patched. */
  readonly spec: PlainMap;
  /** How clients call the model, each once. */
  readonly protocols: readonly Protocol[];
  /** What policies set of the Service that serves all versions of a namespace. */
  readonly service: { readonly host?: string | undefined; readonly port?: number | undefined };
}

export interface ServingMode {
  readonly name: string;
  /** The values of KServe's annotation for it: the one to write, and former ones. */
  readonly annotationValues: readonly [string, ...string[]];
  /** Its vocabulary in any case, which is used nowhere outside its folder: the walls check it. */
  readonly words: readonly string[];
  /** The program that gets versions loaded, as its Deployment is called. */
  readonly controller: string;
  /** The kind of object to watch: its status is read with `readReport`. */
  readonly watched: WatchedKind;
  /** The port by which clients call versions, where policies set no other. */
  readonly port: number;
  /** The protocols by which clients may call its models; the first is the default. */
  readonly protocols: readonly [Protocol, ...Protocol[]];
  /** The Service that serves the versions of a namespace, where policies set no other. */
  readonly toServiceHost: (namespace: string, clusterDomain: string) => string;
  /** Labels of the pods that serve a version. */
  readonly toPodLabels: (version: ServedVersion) => Readonly<Record<string, string>>;
  /** Where requests of a version go, and how they name it there: the first that is for a request. */
  readonly toBackends: (version: ServedVersion) => readonly Backend[];
  /** Whether a backend speaks HTTP/2 although its port does not say so to proxies. */
  readonly isUndeclaredHttp2: (backend: Backend) => boolean;
  /** The version that a backend names, also a live one; undefined: none. */
  readonly readVersion: (backend: Backend) => string | undefined;
  /** Why a version cannot have this name, although KServe's webhook takes it. */
  readonly refuseName: (name: string) => Omit<Finding, 'code'> | undefined;
  /** Annotations that determine what the server loads. */
  readonly loadingAnnotations: readonly string[];
  /** An InferenceService, rendered or live → the values that the server loads by. */
  readonly findLoadedValues: (service: unknown) => PlainMap;
  /** A live InferenceService's status, whatever it holds → what it reports by itself. */
  readonly readReport: (status: PlainMap) => ServiceReport;
  /** Absent: versions have no workloads of their own, and the status is all that there is. */
  readonly workloads?: WorkloadReader;
  /** By the reasons that reports give: what keeps a version from being Ready. */
  readonly causes: Readonly<Record<string, Cause>>;
  /** What this mode would refuse of an InferenceService, or never load. */
  readonly check: (service: InferenceService) => PlacedFinding[];
}
