/** A cluster with the mirror gateway that users install, and two models whose copies go through it. */
import { toExaminedModel } from '../../../../src/commands/examine-cluster.ts';
import { renderDigests } from '../../../../src/core/render/digests.ts';
import type {
  ExaminedModel,
  ListFailure,
  ObjectList,
  ResourceQuery,
} from '../../../../src/core/routing/examination.ts';
import { readRendered } from '../../../install/rendered.ts';
import type { Files } from '../../render/memory-tree.ts';
import { renderObjects, toMemoryTree, toModelText } from '../../render/memory-tree.ts';

export interface TestObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string>;
    [field: string]: unknown;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a test changes what it likes
  spec?: any;
  [field: string]: unknown;
}

/** The objects of an installed part, from what the chart renders. */
export function readInstalled(part: string): TestObject[] {
  // Without aliases, so that a test changes one place.
  const objects = JSON.parse(JSON.stringify(readRendered('cluster', part))) as TestObject[];
  return objects.filter(({ kind }) => kind !== 'AuthorizationPolicy');
}

/** Who may send copies, which is off by default. */
export function readAuthorization(): TestObject[] {
  return (readRendered('cluster', 'model-mirror-gateway') as TestObject[]).filter(
    ({ kind }) => kind === 'AuthorizationPolicy',
  );
}

export function toPod(name: string, namespace: string, labels: Record<string, string>, spec: object = {}): TestObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec,
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

const head = 'apiVersion: model-mirror.dev/v1alpha1';

/** @param spec of the policy, in YAML's flow style. */
export function toFiles(spec = '{gate: None}'): Files {
  return {
    'policy.yaml': `${head}\nkind: MirrorPolicy\nmetadata: {name: all}\nspec: ${spec}\n`,
    'wisdom/model.yaml': toModelText('wisdom', 'models'),
    'folly/model.yaml': toModelText('folly', 'other'),
  };
}

export function toModels(files: Files): ExaminedModel[] {
  return renderDigests(toMemoryTree(files)).rollouts.map(toExaminedModel);
}

/** All that a healthy cluster has of it. */
export function toHealthyCluster(files: Files): TestObject[] {
  const installed = readInstalled('model-mirror-gateway');
  const deployment = find(installed, 'Deployment');
  const { metadata, spec } = deployment.spec.template;
  return [
    ...installed,
    ...['a', 'b'].map((name) => toPod(`mirror-${name}`, 'model-mirror', { ...metadata.labels }, structuredClone(spec))),
    toPod('ingress', 'istio-system', { istio: 'ingressgateway' }, { serviceAccountName: 'istio-ingressgateway' }),
    toPod('other', 'istio-system', { app: 'other' }),
    ...(renderObjects(files) as unknown as TestObject[]),
  ];
}

export function find(objects: readonly TestObject[], kind: string, name?: string): TestObject {
  const found = objects.find((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

export type Refuse = (query: ResourceQuery) => ListFailure | undefined;

/** As an API server answers. */
export function answer(
  objects: readonly TestObject[],
  query: ResourceQuery,
  refuse: Refuse = () => undefined,
): ObjectList {
  const { resource, namespace, labels } = query;
  const failure = refuse(query);
  if (failure !== undefined) return { resource, namespace, labels, objects: [], failure };
  return {
    ...{ resource, namespace, labels },
    objects: objects.filter(
      ({ apiVersion, kind, metadata }) =>
        kind === resource.kind &&
        apiVersion === resource.groupVersion &&
        (namespace === undefined || metadata.namespace === namespace) &&
        Object.entries(labels ?? {}).every(([key, value]) => metadata.labels?.[key] === value),
    ),
  };
}
