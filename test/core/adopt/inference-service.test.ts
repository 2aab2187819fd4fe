/** InferenceServices that are taken over: what each part of them becomes, and what is refused where. */
import test from 'ava';
import type { AdoptionWish } from '../../../src/core/adopt/inference-service.ts';
import { adoptInferenceService } from '../../../src/core/adopt/inference-service.ts';

const wish: AdoptionWish = { name: undefined, version: undefined, mirrorPercentage: 20 };

function toService(name: string, { metadata = {}, model = {}, ...spec }: Record<string, object> = {}) {
  return {
    kind: 'InferenceService',
    metadata: { name, namespace: 'models', ...metadata },
    spec: { predictor: { model: { modelFormat: { name: 'onnx' }, storageUri: `s3://m/${name}`, ...model } }, ...spec },
  };
}

const toList = (...items: object[]) => ({ kind: 'List', items });

/** The code and the field of a refusal. */
function refuse(value: unknown, changed: Partial<AdoptionWish> = {}): string {
  const adopted = adoptInferenceService(value, { ...wish, ...changed });
  return 'code' in adopted ? `${adopted.code} ${adopted.path.join('.')}` : 'adopted';
}

test('one service is the primary, with what tools and model-mirror itself left on it removed', (t) => {
  const service = toService('memory', {
    metadata: {
      labels: {
        team: 'a',
        'app.kubernetes.io/version': 'v7',
        'app.kubernetes.io/instance': 'app',
        'helm.sh/chart': 'c',
        'iter8.tools/watch': 'true',
      },
      annotations: {
        'serving.kserve.io/deploymentMode': 'ModelMesh',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'argocd.argoproj.io/tracking-id': 'x',
      },
    },
  });
  t.deepEqual(adoptInferenceService(service, wish), {
    name: 'memory',
    namespace: 'models',
    labels: { team: 'a' },
    annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
    spec: { predictor: { model: { modelFormat: { name: 'onnx' } } } },
    primary: { version: 'v7', storageUri: 's3://m/memory', name: 'memory' },
    candidate: undefined,
    mirrorPercentage: 20,
    hasFormerMode: false,
  });
});

test('the mode is what KServe has resolved, under the name that it can stay', (t) => {
  const mode = 'serving.kserve.io/deploymentMode';
  const adopt = (written: string | undefined, resolved: string | undefined, passed?: string) => {
    const service = toService('memory', {
      metadata: { annotations: written === undefined ? {} : { [mode]: written } },
    });
    const status = resolved === undefined ? {} : { status: { deploymentMode: resolved } };
    const model = adoptInferenceService({ ...service, ...status }, { ...wish, mode: passed });
    if ('code' in model) throw new Error(model.message);
    return [model.annotations[mode], model.hasFormerMode];
  };
  t.deepEqual(adopt('Standard', 'Standard'), ['Standard', false]);
  t.deepEqual(adopt(undefined, 'Standard'), ['Standard', false]);
  t.deepEqual(adopt(undefined, undefined, 'ModelMesh'), ['ModelMesh', false]);
  t.deepEqual(adopt(undefined, undefined), [undefined, false]);
  // KServe 0.15 has no other name; a later one has rewritten it.
  t.deepEqual(adopt('RawDeployment', 'RawDeployment'), ['RawDeployment', true]);
  t.deepEqual(adopt(undefined, 'RawDeployment'), ['RawDeployment', true]);
  t.deepEqual(adopt('RawDeployment', 'Standard'), ['Standard', false]);
  t.deepEqual(adopt('RawDeployment', undefined), ['Standard', false]);
  // Refused later, with the reason.
  t.deepEqual(adopt(undefined, 'Serverless'), ['Serverless', false]);
});

test('a server of its own keeps its name', (t) => {
  const toNames = (mode: string) => {
    const annotations = { 'serving.kserve.io/deploymentMode': mode };
    const pair = toList(
      toService('memory-0', { metadata: { annotations } }),
      toService('memory-1', { metadata: { annotations } }),
    );
    const model = adoptInferenceService(pair, wish);
    return 'code' in model ? model.message : [model.name, model.primary.name, model.candidate?.name];
  };
  t.deepEqual(toNames('ModelMesh'), ['memory', undefined, undefined]);
  t.deepEqual(toNames('Standard'), ['memory-0', 'memory-0', 'memory-1']);
});

test('names that model-mirror would give itself are left out', (t) => {
  const pair = toList(toService('memory-1', { model: { resources: { a: 1 } } }), toService('memory-0'));
  const model = adoptInferenceService(pair, wish);
  t.like(model, {
    name: 'memory',
    primary: { version: 'v1', name: undefined },
    candidate: {
      version: 'v2',
      name: undefined,
      storageUri: 's3://m/memory-1',
      overrides: { spec: { predictor: { model: { resources: { a: 1 } } } } },
    },
  });
  t.like(adoptInferenceService(pair, { ...wish, version: 'v2' }), {
    primary: { version: 'v2' },
    candidate: { version: 'v3' },
  });
  t.like(adoptInferenceService(toService('memory-0'), { ...wish, name: 'other' }), {
    name: 'other',
    primary: { name: 'memory-0' },
  });
});

test('overrides remove what only the primary has, and add what only the candidate has', (t) => {
  const primary = toService('a-0', { metadata: { labels: { x: '1', y: '1' } }, model: { runtime: 'r', args: ['a'] } });
  const candidate = toService('a-1', { metadata: { labels: { y: '2' } }, model: { args: ['b'] } });
  t.like(adoptInferenceService(toList(primary, candidate), wish), {
    candidate: {
      overrides: {
        metadata: { labels: { x: null, y: '2' } },
        spec: { predictor: { model: { runtime: null, args: ['b'] } } },
      },
    },
  });
});

test("Iter8's values say which of several services is which", (t) => {
  const all = toList(toService('next'), { kind: 'List', items: [toService('old'), toService('other')] });
  const services = { primary: 'old', candidate: 'next' };
  t.like(adoptInferenceService(all, { ...wish, name: 'm', services }), {
    primary: { name: 'old', storageUri: 's3://m/old' },
    candidate: { name: 'next', storageUri: 's3://m/next' },
  });
  t.like(adoptInferenceService(toService('old'), { ...wish, name: 'm', services }), { candidate: undefined });
  t.is(refuse(toList(toService('x')), { services }), 'invalid-value items.0.metadata.name');
});

test('what cannot be taken over is refused at its place', (t) => {
  t.is(refuse(undefined), 'unknown-kind kind');
  t.is(refuse('text'), 'unknown-kind kind');
  t.is(refuse({ kind: 'Deployment' }), 'unknown-kind kind');
  t.is(refuse(toList()), 'unknown-kind items');
  t.is(refuse(toList({ kind: 'Deployment' })), 'unknown-kind items');
  t.is(refuse({ kind: 'InferenceService', metadata: {}, spec: {} }), 'missing-field metadata.name');
  t.is(refuse({ kind: 'InferenceService', metadata: { name: 'a' } }), 'missing-field spec');
  t.is(refuse(toList(toService('a'), toService('b'))), 'multiple-documents items');
  t.is(refuse(toList(toService('a-0'), toService('a-1'), toService('a-2'))), 'multiple-documents items');
  const elsewhere = toService('a-1', { metadata: { namespace: 'elsewhere' } });
  t.is(refuse(toList(toService('a-0'), elsewhere)), 'invalid-value items.1.metadata.namespace');
});
