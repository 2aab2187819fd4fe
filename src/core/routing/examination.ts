/**
 * The part of the port of routers that examines a cluster: whether copies of requests can get to where the rendered
 * objects send them, and whether clients are safe from that. It is apart from `Router`, since rendering must not load it.
 */
import type { Place } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { Manifest } from '../manifests/manifest.ts';
import type { RoutedModel } from './router.ts';

/** A model whose copies are examined. */
export interface ExaminedModel extends RoutedModel {
  readonly hasCandidate: boolean;
  /** The Services that are rendered for it and its versions, if its serving mode has such. */
  readonly services: readonly Manifest[];
}

/** A kind of object, as the API server's paths have it. */
export interface ResourceKind {
  readonly kind: string;
  readonly groupVersion: string;
  readonly plural: string;
}

export interface ResourceQuery {
  readonly resource: ResourceKind;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** Labels that the objects must have. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Namespaces to list one by one, if listing all of them is refused. */
  readonly otherwise?: readonly string[] | undefined;
}

/** Why a list was not read: its kind is not installed (there are no objects), or this user may not list it. */
export interface ListFailure {
  readonly code: 'not-installed' | 'refused';
  readonly message: SafeText;
}

export interface ObjectList extends Omit<ResourceQuery, 'otherwise'> {
  readonly objects: readonly unknown[];
  readonly failure?: ListFailure | undefined;
}

/** Statistics that a Pod serves as text. */
export interface StatisticsRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Why a Pod's statistics were not read: this user may not, or there was no (useful) answer. */
export interface StatisticsFailure {
  readonly code: 'refused' | 'unreachable';
  readonly message: SafeText;
}

export interface PodStatistics {
  readonly request: StatisticsRequest;
  /** What was read, the oldest first: none, one or two texts. */
  readonly texts: readonly string[];
  /** Between two texts. */
  readonly seconds: number;
  readonly failure?: StatisticsFailure | undefined;
}

/** What was read of a cluster. */
export interface Evidence {
  readonly lists: readonly ObjectList[];
  readonly statistics: readonly PodStatistics[];
}

/** The most urgent first: what hides all other causes, then causes, then their effects, then what could not be read. */
export const diagnosisCodes = [
  'public-gateway-pods',
  'own-service-taken',
  'service-missing',
  'no-pods',
  'no-ready-pod',
  'port-missing',
  'own-service-changed',
  'own-service-missing',
  'own-service-without-pod',
  'gateway-missing',
  'gateway-other-pods',
  'server-missing',
  'gateway-conflict',
  'tls-one-sided',
  'tls-identity',
  'copies-refused',
  'copies-elsewhere',
  'namespace-not-admitted',
  'route-missing',
  'route-other-gateway',
  'route-conflict',
  'port-protocol',
  'window-missing',
  'limit-missing',
  'limit-ignored',
  'candidate-limit-missing',
  'body-limit-missing',
  'comparer-limit-missing',
  'comparer-protocol',
  'comparer-missing',
  'copies-not-routed',
  'copies-dropped',
  'candidate-slow',
  'copies-failed',
  'connections-refused',
  'mesh-wide-tls',
  'clear-text',
  'limits-unknown',
  'single-pod',
  'external-service',
  'not-judged',
  'not-listed',
  'statistics-hidden',
  'statistics-unread',
] as const;

export type DiagnosisCode = (typeof diagnosisCodes)[number];

/**
 * - error: copies are lost, or clients can be harmed;
 * - warning: it could happen;
 * - note: something could not be examined, or is over.
 */
export const diagnosisSeverities = ['error', 'warning', 'note'] as const;

export type DiagnosisSeverity = (typeof diagnosisSeverities)[number];

/** What a diagnosis is about. */
export type Subject =
  | {
      readonly code: 'object';
      readonly kind: string;
      /** Undefined: of all namespaces. */
      readonly namespace: string | undefined;
      /** Undefined: all objects of the kind. */
      readonly name: string | undefined;
    }
  | { readonly code: 'field'; readonly place: Place; readonly field: SafeText };

export interface DiagnosedModel {
  readonly namespace: string;
  readonly name: string;
}

/** Something that is wrong, or could not be examined. */
export interface Diagnosis {
  readonly code: DiagnosisCode;
  readonly severity: DiagnosisSeverity;
  readonly subject: Subject;
  /** Whose copies are concerned, sorted. */
  readonly models: readonly DiagnosedModel[];
  /** The values in the texts, for programs. */
  readonly details: Readonly<Record<string, string | number>>;
  /** What is wrong and what it does: a sentence without a full stop. */
  readonly reason: SafeText;
  /** What to do: a clause without a full stop. */
  readonly cure: SafeText;
}

export interface Examiner {
  /** What to list. */
  readonly toQueries: (models: readonly ExaminedModel[]) => readonly ResourceQuery[];
  /** Whose statistics to read, once the lists are known. */
  readonly toStatisticsRequests: (
    models: readonly ExaminedModel[],
    lists: readonly ObjectList[],
  ) => readonly StatisticsRequest[];
  /** What is wrong, the worst first. Whatever the objects hold, it does not fail. */
  readonly examine: (models: readonly ExaminedModel[], evidence: Evidence) => readonly Diagnosis[];
  /** What policies alone show, the worst first. */
  readonly examinePolicies: (models: readonly ExaminedModel[]) => readonly Diagnosis[];
}
