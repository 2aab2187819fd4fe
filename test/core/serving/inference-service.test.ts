import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import test from 'ava';
import { parse } from 'yaml';
import { toNodes } from '../../../.config/kserve-schema.ts';
import type { Manifest } from '../../../src/core/manifests/manifest.ts';
import { digestAnnotation, managedByLabel } from '../../../src/core/manifests/manifest.ts';
import { kserveSchema } from '../../../src/core/serving/kserve-schema.ts';
import { findRenderedObjects } from '../../goldens/rendered-objects.ts';
import { readKServeCrd } from '../../stack/kserve-crd.ts';
import { renderObjects } from '../render/memory-tree.ts';

/** The InferenceServices of Iter8's tutorial "Mirrored Rollout of a ML Model", as it applies them. */
function toTutorialObject(name: string, version: string): object {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: 'modelmesh-serving',
      labels: {
        'app.kubernetes.io/name': 'wisdom',
        'app.kubernetes.io/version': version,
        'iter8.tools/watch': 'true',
      },
      annotations: {
        'serving.kserve.io/deploymentMode': 'ModelMesh',
        'serving.kserve.io/secretKey': 'localMinIO',
      },
    },
    spec: {
      predictor: {
        model: {
          modelFormat: { name: 'sklearn' },
          storageUri: 's3://modelmesh-example-models/sklearn/mnist-svm.joblib',
        },
      },
    },
  };
}

const tutorialModel = (versions: string) => `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: modelmesh-serving}
spec:
  template:
    metadata:
      annotations:
        serving.kserve.io/deploymentMode: ModelMesh
        serving.kserve.io/secretKey: localMinIO
    spec:
      predictor:
        model:
          modelFormat: {name: sklearn}
${versions}`;
const uri = 's3://modelmesh-example-models/sklearn/mnist-svm.joblib';

/** Without what model-mirror adds. */
function toPlain(object: Manifest): object {
  const { [managedByLabel]: _, ...labels } = object.metadata.labels;
  const { [digestAnnotation]: __, ...annotations } = object.metadata.annotations ?? {};
  return {
    ...object,
    metadata: { ...object.metadata, labels: { ...labels, 'iter8.tools/watch': 'true' }, annotations },
  };
}

const inferenceServices = (model: string) =>
  renderObjects({ 'model.yaml': model }).filter(({ kind }) => kind === 'InferenceService');

test("the tutorial's primary and candidate are rendered field by field", (t) => {
  const rendered = inferenceServices(
    tutorialModel(`  primary: {version: v1, storageUri: ${uri}}\n  candidate: {version: v2, storageUri: ${uri}}\n`),
  );
  t.deepEqual(rendered.map(toPlain), [toTutorialObject('wisdom-0', 'v1'), toTutorialObject('wisdom-1', 'v2')]);
});

test("the tutorial's promoted primary is rendered field by field", (t) => {
  const rendered = inferenceServices(tutorialModel(`  primary: {version: v2, storageUri: ${uri}}\n`));
  t.deepEqual(rendered.map(toPlain), [toTutorialObject('wisdom-0', 'v2')]);
});

const seed = join(import.meta.dirname, '../../../../shared/seed/iter8-0.14-mirrored-rollout.md');

test('the objects above are those of the tutorial itself', (t) => {
  if (!existsSync(seed)) {
    t.log('not checked: the tutorial is not beside this repository (../shared/seed)');
    t.pass();
    return;
  }
  const applied = [...readFileSync(seed, 'utf8').matchAll(/^apiVersion: "serving.*?(?=^EOF)/gms)].map(([text]) =>
    parse(text),
  );
  t.deepEqual(applied, [
    toTutorialObject('wisdom-0', 'v1'),
    toTutorialObject('wisdom-1', 'v2'),
    toTutorialObject('wisdom-0', 'v2'),
  ]);
});

test("every rendered InferenceService passes KServe's own schema, unknown fields refused", (t) => {
  const definition = JSON.parse(readKServeCrd()) as {
    spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] };
  };
  const version = definition.spec.versions.find(({ name }) => name === 'v1beta1');
  t.truthy(version);
  const validate = new Ajv({ strict: false, validateFormats: false, code: { optimize: false } }).compile(
    refuseUnknown(version?.schema.openAPIV3Schema ?? {}),
  );
  const found = findRenderedObjects(['InferenceService']).filter(({ golden }) => !golden.includes('unknown-field'));
  t.true(found.length > 100);
  for (const { golden, object } of found) t.true(validate(object), `${golden}: ${JSON.stringify(validate.errors)}`);
  const first = found[0]?.object;
  t.false(validate({ ...first, spec: { predictor: { modle: {} } } }), 'the check sees unknown fields');
});

test("the schema that is shipped is the CustomResourceDefinition's", (t) => {
  t.deepEqual(JSON.parse(kserveSchema), toNodes(readKServeCrd()));
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

/** The API server drops unknown fields silently; here the schema refuses them. */
function refuseUnknown(schema: Schema, isMetadata = false): Schema {
  const { properties, items, additionalProperties, ...rest } = schema;
  const open = isMetadata || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const more = typeof additionalProperties === 'object' ? refuseUnknown(additionalProperties) : additionalProperties;
  return {
    ...rest,
    ...(items === undefined ? {} : { items: refuseUnknown(items) }),
    ...(more === undefined ? {} : { additionalProperties: more }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, refuseUnknown(property, name === 'metadata')]),
          ),
          ...(open || more !== undefined ? {} : { additionalProperties: false }),
        }),
  };
}
