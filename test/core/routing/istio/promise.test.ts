/**
 * The promise above all, tried with models of both modes and every mix of protocols, under policies and statuses of any
 * kind: where requests and copies go is read from the rendered objects by `IstioModel`, and where they may go is known
 * from the files alone.
 */
import test from 'ava';
import fc from 'fast-check';
import { digestAnnotation, type Manifest } from '../../../../src/core/manifests/manifest.ts';
import { computeLoaded } from '../../../../src/core/serving/digest.ts';
import { findMode } from '../../../../src/core/serving/modes.ts';
import { times } from '../../../thorough.ts';
import { model, percentage, policy, state, type Writing, write } from '../../render/arbitraries.ts';
import { type Files, renderObjects, toModelText } from '../../render/memory-tree.ts';
import { readInstalled } from './installation.ts';
import { IstioModel, type Outcome, type SentRequest } from './istio-model.ts';

const asWritten: Writing = { seed: 0, style: 'block', lineEnd: '\n', comments: false, quotes: false };
const head = { apiVersion: 'model-mirror.dev/v1alpha1' };

const mirrorGateway = 'model-mirror-gateway.model-mirror.svc.cluster.local:443';
const comparer = 'model-mirror-comparer.model-mirror.svc.cluster.local:80';
const installed = readInstalled('model-mirror-gateway').filter(({ kind }) => kind === 'Gateway');

interface Version {
  readonly version: string;
  readonly storageUri: string;
}

interface ModelDocument {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: { readonly predictor: { readonly model: object } };
    };
    readonly primary: Version;
    readonly candidate?: Version;
  };
}

interface PolicyDocument {
  readonly spec: {
    readonly gate?: string;
    readonly analysis?: object;
    readonly routing: { readonly hosts?: readonly string[]; readonly gateway?: { readonly port: number } };
  };
}

/** Of the container: neither is a default of anything. */
const targets = { rest: 7001, grpc: 7002 };
const protocols = fc.constantFrom<Call['protocol'][]>(['rest'], ['grpc'], ['rest', 'grpc'], ['grpc', 'rest']);

const anyScene = fc.record({
  document: model.map((document) => document as unknown as ModelDocument),
  policy: policy.map((document) => document as unknown as PolicyDocument),
  share: fc.constantFrom(0.5, 2, 100),
  protocols,
  wanted: percentage,
  status: fc.record({
    state,
    isThisName: fc.boolean(),
    isThisDigest: fc.boolean(),
    hasLoaded: fc.boolean(),
  }),
  /** Else one of three statuses is of the candidate by chance alone. */
  isReady: fc.boolean(),
});
type Scene = typeof anyScene extends fc.Arbitrary<infer Found> ? Found : never;

const modeOf = ({ document }: Scene) =>
  document.spec.template.metadata.annotations['serving.kserve.io/deploymentMode'] ?? '';

/** @param wanted the share that the policy mirrors. */
function toFiles({ document, policy: some, share, protocols: spoken }: Scene, wanted: number): Files {
  const { template, ...versions } = document.spec;
  const ports = [
    { name: 'http', containerPort: targets.rest },
    { name: 'h2c', containerPort: targets.grpc },
  ];
  const predictor = { ...template.spec.predictor, model: { ...template.spec.predictor.model, ports } };
  const spec = { ...versions, protocols: spoken, template: { ...template, spec: { ...template.spec, predictor } } };
  const { analysis } = some.spec;
  return {
    'own/model.yaml': write({ ...document, spec }, asWritten),
    'own/policy.yaml': write(
      {
        ...some,
        spec: { ...some.spec, mirrorPercentage: wanted, ...(analysis && { analysis: { ...analysis, share } }) },
      },
      asWritten,
    ),
    // A neighbour, with an open mirror of its own. In quotes, since n alone is a boolean to YAML 1.1.
    'other/model.yaml': toModelText('neighbour-of-it', JSON.stringify(document.metadata.namespace), 'neighbour-'),
    'other/policy.yaml': write(
      {
        ...head,
        kind: 'MirrorPolicy',
        metadata: { name: 'a' },
        spec: {
          gate: 'None',
          routing: some.spec.routing.gateway === undefined ? {} : { gateway: some.spec.routing.gateway },
        },
      },
      asWritten,
    ),
  };
}

/** The files with a status, and whether it says that this very candidate is Ready. */
function withStatus(scene: Scene, files: Files): { readonly files: Files; readonly isReady: boolean } {
  const { metadata } = scene.document;
  const wanted = scene.isReady
    ? { state: 'Ready', isThisName: true, isThisDigest: true, hasLoaded: true }
    : scene.status;
  const name = `${metadata.name}-1`;
  const candidate = renderObjects(files).find((object) => object.metadata.name === name);
  const digest = candidate?.metadata.annotations?.[digestAnnotation] ?? 'd2-none';
  const mode = findMode(modeOf(scene));
  if (mode === undefined) throw new Error('every model has a mode');
  const observed = {
    name: wanted.isThisName ? name : `${name}x`,
    digest: wanted.isThisDigest ? digest : `${digest}x`,
    state: wanted.state,
    ...(wanted.hasLoaded && candidate !== undefined && { loaded: computeLoaded(candidate, mode) }),
  };
  const status = { ...head, kind: 'ModelStatus', metadata, status: { candidate: observed } };
  return {
    files: { ...files, 'own/status.yaml': write(status, asWritten) },
    // What 0.1.0's watcher writes says nothing of pods, which Standard mode has of its own.
    isReady:
      wanted.state === 'Ready' &&
      wanted.isThisName &&
      wanted.isThisDigest &&
      (wanted.hasLoaded || mode.name === 'ModelMesh'),
  };
}

interface Call {
  readonly protocol: 'rest' | 'grpc';
  readonly path: string;
  readonly type: string;
}

const toCalls = (name: string): readonly [Call, ...Call[]] => [
  { protocol: 'grpc', path: '/inference.GRPCInferenceService/ModelInfer', type: 'application/grpc+proto' },
  { protocol: 'rest', path: `/v2/models/${name}/infer`, type: 'application/json' },
  { protocol: 'rest', path: `/v1/models/${name}:predict`, type: 'application/json' },
];

/** Every way to call the model that a client has. */
function toRequests({ document, policy: some, protocols: spoken, ...rest }: Scene): (Call & { sent: SentRequest })[] {
  const { name, namespace } = document.metadata;
  const isStandard = modeOf({ document, policy: some, protocols: spoken, ...rest }) === 'Standard';
  const { hosts = [], gateway = { port: 80 } } = some.spec.routing;
  const own = [`${name}.${namespace}`, `${name}.${namespace}.svc.cluster.local`];
  const headers: Readonly<Record<string, string>>[] = [
    {},
    { 'mm-vmodel-id': `${name}-1`, 'mm-model-id': `${name}-1`, 'mm-model-id-bin': 'eA', 'x-mirror-copy': '1' },
  ];
  return toCalls(name)
    .filter(({ protocol }) => spoken.includes(protocol))
    .flatMap((call) => {
      const port = isStandard ? { rest: 80, grpc: 9000 }[call.protocol] : { rest: 8008, grpc: 8033 }[call.protocol];
      const from: Pick<SentRequest, 'from' | 'port' | 'authority'>[] = [
        ...[...own, ...hosts].map((authority) => ({
          from: { gateway: 'istio-ingressgateway' },
          port: gateway.port,
          authority,
        })),
        ...[namespace, 'clients'].flatMap((sidecar) =>
          own.map((host) => ({ from: { sidecar }, port, authority: `${host}:${port}` })),
        ),
        ...(isStandard ? own.map((authority) => ({ from: 'no proxy' as const, port, authority })) : []),
      ];
      return from.flatMap((one) =>
        headers.map((more) => ({
          ...call,
          sent: { ...one, path: call.path, headers: { ...more, 'content-type': call.type } },
        })),
      );
    });
}

/** Who must answer, as the model of Istio describes it: a version's own server, in the protocol of the call. */
function toEnd(scene: Scene, { protocol, path }: Call, name: string, { storageUri }: Version): string {
  const by = `by ${name}: model ${JSON.stringify(['sklearn', storageUri, null, null])}`;
  if (modeOf(scene) === 'Standard')
    return `${path} in ${{ rest: 'HTTP', grpc: 'HTTP2' }[protocol]} at ${targets[protocol]} ${by}`;
  return protocol === 'grpc'
    ? `${path} ${by}`
    : `${path.replace(`/models/${scene.document.metadata.name}`, '/models/…')} ${by}`;
}

interface Tally {
  standard: number;
  modelMesh: number;
  open: number;
  sampled: number;
}

/** @returns what breaks the promise, or nothing. */
function findBreach(scene: Scene, tally: Tally): string | undefined {
  const { document, policy: some, wanted } = scene;
  const { files, isReady } = withStatus(scene, toFiles(scene, wanted));
  const toModel = (all: Files) => new IstioModel([...renderObjects(all), ...(installed as unknown as Manifest[])]);
  const [istio, braked] = [toModel(files), toModel({ ...files, ...toFiles(scene, 0) })];
  const { candidate, primary } = document.spec;
  const { name } = document.metadata;
  const isOpen = candidate !== undefined && wanted > 0 && (isReady || some.spec.gate === 'None');
  if (isOpen) tally[modeOf(scene) === 'Standard' ? 'standard' : 'modelMesh']++;
  for (const { sent, ...call } of toRequests(scene)) {
    const { copies, ...answer } = istio.send(sent);
    const { copies: none, ...answerBraked } = braked.send(sent);
    const report = (what: string) => `${what}: ${JSON.stringify({ sent, answer, copies, none, answerBraked, isOpen })}`;
    const expected: Omit<Outcome, 'copies'> = { end: toEnd(scene, call, `${name}-0`, primary), faults: [] };
    if (JSON.stringify(answer) !== JSON.stringify(expected)) return report(`not ${JSON.stringify(expected)}`);
    if (JSON.stringify(answerBraked) !== JSON.stringify(expected)) return report('the brake changes an answer');
    if (none.length > 0) return report('the brake leaves copies');
    if (candidate === undefined || !isOpen || sent.from === 'no proxy') {
      if (copies.length > 0) return report('copies through a closed mirror');
      continue;
    }
    tally.open++;
    const mirrored = copies.filter(({ to }) => to === mirrorGateway);
    const samples = copies.filter(({ to }) => to === comparer);
    if (mirrored.length + samples.length < copies.length) return report('copies elsewhere');
    const copy: Outcome = {
      end: toEnd(scene, call, `${name}-1`, candidate),
      faults: [],
      tries: 0,
      isBounded: true,
      copies: [],
    };
    // As a newer and an older Istio send it.
    const once = [copy, copy].map((outcome) => ({ share: wanted, to: mirrorGateway, outcome }));
    if (JSON.stringify(mirrored) !== JSON.stringify(once)) return report(`copies are not ${JSON.stringify(once)}`);
    const part = some.spec.analysis === undefined ? [] : Array(2).fill(Math.min(wanted, scene.share));
    if (JSON.stringify(samples.map(({ share }) => share)) !== JSON.stringify(part)) return report('samples');
    if (samples.some(({ outcome }) => outcome.end !== 'the comparer')) return report('samples elsewhere');
    tally.sampled += samples.length;
  }
  return findAstray(scene, istio);
}

/** What is called by other hosts is none of the model's business. */
function findAstray({ document, policy: some }: Scene, istio: IstioModel): string | undefined {
  const from = { gateway: 'istio-ingressgateway' };
  const { gateway = { port: 80 } } = some.spec.routing;
  const [{ path, type }] = toCalls(document.metadata.name);
  const sendTo = (authority: string) =>
    istio.send({ from, port: gateway.port, authority, path, headers: { 'content-type': type } });
  const { end: stranger } = sendTo('nobodys-host.example.com');
  const { end: neighbour, copies } = sendTo(`neighbour-of-it.${document.metadata.namespace}`);
  const by = (version: string, uri: string) =>
    `${path} by neighbour-of-it-${version}: model ["sklearn","s3://models/neighbour-${uri}",null,null]`;
  const ends = [stranger, neighbour, ...copies.map(({ outcome }) => outcome.end)];
  const expected = ['404: no virtual host', by('0', 'v1'), by('1', 'v2'), by('1', 'v2')];
  return JSON.stringify(ends) === JSON.stringify(expected) ? undefined : JSON.stringify(ends);
}

test('every request of a client goes to the primary, copies to the mirror gateway and the comparer alone, and from there to the candidate', (t) => {
  const tally: Tally = { standard: 0, modelMesh: 0, open: 0, sampled: 0 };
  const runs = times(400, 25);
  fc.assert(
    fc.property(anyScene, (scene) => {
      const breach = findBreach(scene, tally);
      if (breach !== undefined) throw new Error(breach);
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
  const { standard, modelMesh, open, sampled } = tally;
  t.true(Math.min(standard, modelMesh) > runs / 30 && open > runs && sampled > runs / 4, JSON.stringify(tally));
});
