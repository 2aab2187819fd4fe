/** The port of serving modes: everything about one of them is behind this interface, in the mode's own folder. */

import type { FieldPath, Finding, Severity } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { FieldOffer } from '../input/field-offer.ts';
import type { PlainMap } from '../input/plain-value.ts';
import type { ModelState, Protocol } from '../input/schema.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { PatchableManifest } from '../manifests/patchable.ts';
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

/** A place of an InferenceService that says from where something is loaded. */
export interface ModelSource {
  readonly path: FieldPath;
  /** Undefined: it is none that can be compared with an allowed one. */
  readonly address?: string;
  /** In a message, as what cannot be checked. */
  readonly what: SafeText;
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
  /** The generation of its workload that it is about; undefined: it does not show one. */
  readonly seenGeneration?: number;
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

/** A Service that serves versions. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a version is served: all of `ServedVersion` that does not need its spec. */
export interface VersionPlace {
  /** The name of its InferenceService. */
  readonly name: string;
  readonly role: 'primary' | 'candidate';
  readonly model: string;
  readonly namespace: string;
  readonly clusterDomain: string;
  /** How clients call the model, each once. */
  readonly protocols: readonly Protocol[];
  /** What policies set of the Service that serves all versions of a namespace. */
  readonly service: { readonly [Field in keyof ServiceAddress]?: ServiceAddress[Field] | undefined };
}

/** A version, with all that decides how requests reach it. */
export interface ServedVersion extends VersionPlace {
  /** The spec of its InferenceService, patched. */
  readonly spec: PlainMap;
}

/** What is known of a primary and its candidate beside their specs. */
export interface VersionPair {
  readonly protocols: readonly Protocol[];
  /** Whether a promotion gives the primary's InferenceService the candidate's spec; otherwise the candidate's becomes the primary's. */
  readonly isInPlace: boolean;
}

/** A model format that a runtime of the mode's own installation loads without being named. */
export interface KnownFormat {
  /** As in `modelFormat.name`. */
  readonly name: string;
  readonly versions: readonly string[];
  readonly runtimes: readonly string[];
  /** To be written, as none of its runtimes speaks the one that KServe fills in. */
  readonly protocolVersion?: string;
}

export interface AnnotationHelp extends FieldOffer {
  readonly description: string;
}

/** What people who write a model are shown of a mode. */
export interface ModeHelp {
  /** What it does with versions, after its name: "Standard gives each its own Pods". */
  readonly versions: string;
  /** How the names of its Pods begin. */
  readonly pods: string;
  /** Namespaces as its own documentation calls them. */
  readonly namespaces: readonly string[];
  /** A model file to begin with; its first place to type at is the name. */
  readonly newModel: {
    readonly label: string;
    readonly description: string;
    /** Of the template. */
    readonly spec: PlainMap;
    readonly primary: PlainMap;
  };
  /** Annotations of KServe that only its InferenceServices have, by name. */
  readonly annotations: Readonly<Record<string, AnnotationHelp>>;
}

export interface ServingMode {
  readonly name: string;
  /** The values of KServe's annotation for it: the one to write, and former ones. */
  readonly annotationValues: readonly [string, ...string[]];
  /** Its vocabulary in any case, which is used nowhere outside its folder: the walls check it. */
  readonly words: readonly string[];
  readonly help: ModeHelp;
  /** Model formats that it has without further runtimes. */
  readonly formats: readonly KnownFormat[];
  /** How addresses of stored models begin that it loads without further installations, the most used first. */
  readonly schemes: readonly string[];
  /** Whether a Namespace of the cluster is set up for it alone. Absent: nothing shows it. */
  readonly isOwnNamespace?: (namespace: unknown) => boolean;
  /** The program that gets versions loaded, as its Deployment is called. */
  readonly controller: string;
  /** The kind of object to watch: its status is read with `readReport`. */
  readonly watched: WatchedKind;
  /** The protocols by which clients may call its models; the first is the default. */
  readonly protocols: readonly [Protocol, ...Protocol[]];
  /** Fields of a policy that have no effect on its models. */
  readonly unsupported: readonly string[];
  /** The Service that serves a version, alone or with others. */
  readonly toService: (version: VersionPlace) => ServiceAddress;
  /** Labels of the pods that serve a version. */
  readonly toPodLabels: (version: ServedVersion) => Readonly<Record<string, string>>;
  /** Where requests of a version go, and how they name it there: the first that is for a request. */
  readonly toBackends: (version: ServedVersion) => readonly Backend[];
  /** Whether a backend speaks HTTP/2 although its port does not say so to proxies. */
  readonly isUndeclaredHttp2: (backend: Backend) => boolean;
  /** The version that a backend names, also a live one; undefined: none. */
  readonly readVersion: (backend: Backend) => string | undefined;
  /** The Services that its own programs have in each namespace of its models. */
  readonly ownServices: readonly string[];
  /** Why a version cannot have this name, although KServe's webhook takes it. */
  readonly refuseName: (name: string) => Omit<Finding, 'code'> | undefined;
  /** The kinds that the next two render, so that patches may name them. */
  readonly kinds: readonly string[];
  /** The objects of a version beside its InferenceService. */
  readonly renderVersion?: (version: ServedVersion) => readonly PatchableManifest[];
  /** The objects of a model, which give its own host an address. Absent: the router alone makes its hosts known. */
  readonly renderModel?: (primary: ServedVersion) => readonly PatchableManifest[];
  /**
   * The names of the objects that KServe creates for an InferenceService, and that Services and InferenceServices of its
   * namespace must not have; `-*` at the end stands for a number.
   */
  readonly listCreated?: (service: InferenceService) => readonly string[];
  /** Adds to a patched InferenceService what versions must have in common; what people wrote stays. */
  readonly complete?: (service: InferenceService) => InferenceService;
  /** What must not differ between a primary and its candidate, as a finding about the candidate's object. */
  readonly compare?: (primary: InferenceService, candidate: InferenceService, pair: VersionPair) => PlacedFinding[];
  /** Where this mode loads from, beside the fields for a storage that `storage-limits.ts` knows. */
  readonly findSources?: (service: InferenceService) => readonly ModelSource[];
  /** Whether a label or annotation determines what the server loads, or how it is started. */
  readonly isLoading: (field: 'labels' | 'annotations', key: string) => boolean;
  /** An InferenceService, rendered or live → the values that the server loads by. */
  readonly findLoadedValues: (service: unknown) => PlainMap;
  /** A live InferenceService's status, whatever it holds → what it reports by itself. */
  readonly readReport: (status: PlainMap) => ServiceReport;
  /** Absent: versions have no workloads of their own, and the status is all that there is. */
  readonly workloads?: WorkloadReader;
  /** By the reasons that reports give: what keeps a version from being Ready. */
  readonly causes: Readonly<Record<string, Cause>>;
  /** What this mode would refuse of an InferenceService, or never load. */
  readonly check: (service: InferenceService, protocols: readonly Protocol[]) => PlacedFinding[];
}
