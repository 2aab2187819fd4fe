import test from 'ava';
import fc from 'fast-check';
import { adoptInferenceService } from '../../../src/core/adopt/inference-service.ts';
import { toModelFile, toPolicyFile } from '../../../src/core/adopt/new-files.ts';
import type { NewModel } from '../../../src/core/adopt/new-model.ts';
import { toModelValue, toPolicyValue } from '../../../src/core/adopt/new-model.ts';
import { parseText } from '../../../src/core/input/yaml-text.ts';
import type { Manifest } from '../../../src/core/manifests/manifest.ts';
import { renderApplication } from '../../../src/core/render/application.ts';
import { times } from '../../thorough.ts';

const runs = Number(process.env['MODEL_MIRROR_EDIT_RUNS'] ?? times(200, 20));

/** What YAML could take for something else, or a comment for its end. */
const odd = fc.oneof(
  fc.constantFrom('1.0', '1e3', 'yes', 'null', '~', 'a: b', 'a #b', '# c', '- d', "it's", '"q"', '{x}', '0x1F', ''),
  fc.constantFrom(' ', 'x\ny', '\u2028', '12:30'),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
);
/** In whatever file. */
const isForbidden = (text: string) => ['__proto__', 'prototype', 'constructor', '<<'].includes(text);
const key = odd.filter((text) => !isForbidden(text));
/** With numbers that JSON and YAML both keep: others are problems in whatever file. */
const json = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) =>
    JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'number' ? Math.round(part % 1000) || 0 : part))),
  )
  .filter((value) => !/"(__proto__|prototype|constructor|<<)":/.test(JSON.stringify(value)));
const texts = fc.dictionary(key, odd, { maxKeys: 4 });
const models: fc.Arbitrary<NewModel> = fc.record({
  name: fc.constantFrom('wisdom', 'a-b'),
  namespace: fc.option(fc.constantFrom('models', '007'), { nil: undefined }),
  labels: texts,
  annotations: texts,
  spec: fc.dictionary(key, json, { maxKeys: 4 }),
  primary: fc.record({
    version: odd,
    storageUri: fc.option(odd, { nil: undefined }),
    name: fc.option(odd, { nil: undefined }),
  }),
  candidate: fc.option(
    fc.record({
      version: odd,
      storageUri: fc.option(odd, { nil: undefined }),
      name: fc.option(odd, { nil: undefined }),
      overrides: fc.dictionary(key, json, { maxKeys: 3 }),
    }),
    { nil: undefined },
  ),
  mirrorPercentage: fc.integer({ min: 0, max: 1_000_000 }).map((value) => value / 10_000),
  hasFormerMode: fc.boolean(),
});

/** Without prototypes, which tell nothing here. */
function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('whatever the texts are, the files say what was meant', (t) => {
  fc.assert(
    fc.property(models, fc.boolean(), (model, isPercentageGiven) => {
      for (const [text, meant] of [
        [toModelFile(model, 'x.json'), toModelValue(model)],
        [toPolicyFile(model, 'x.json', isPercentageGiven), toPolicyValue(model, isPercentageGiven)],
      ] as const) {
        if (text === undefined) {
          t.is(meant, undefined);
          continue;
        }
        const { value, problems } = parseText({ path: 'new.yaml', text });
        t.deepEqual(problems, [], text);
        t.deepEqual(toPlain(value), toPlain(meant), text);
      }
    }),
    { numRuns: runs },
  );
});

test('InferenceServices that are taken over keep their specs, so that KServe has nothing to reload', (t) => {
  // A merge patch cannot put a null there, and Kubernetes drops them.
  const isWhole = (value: unknown) => !JSON.stringify(value).includes('null');
  const extra = fc.dictionary(fc.constantFrom('apples', 'pears', 'x'), json.filter(isWhole));
  const one = fc.record({ predictor: extra, model: extra, isStored: fc.boolean(), uri: fc.constantFrom('a', 'b') });
  const toService = (
    name: string,
    { predictor, model, isStored, uri }: typeof one extends fc.Arbitrary<infer T> ? T : never,
  ) => ({
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: 'models',
      annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
      labels: { [uri]: 'x' },
    },
    spec: {
      predictor: {
        ...predictor,
        model: {
          ...model,
          modelFormat: { name: 'sklearn' },
          ...(isStored ? { storage: { key: uri, path: 'x' } } : { storageUri: `s3://models/${uri}` }),
        },
      },
    },
  });
  const names = fc.constantFrom('wisdom', 'wisdom-0', 'wisdom-1', 'folly');
  fc.assert(
    fc.property(one, fc.option(one), names, (first, second, alone) => {
      const services =
        second === null ? [toService(alone, first)] : [toService('wisdom-1', second), toService('wisdom-0', first)];
      const value = second === null ? services[0] : { kind: 'List', items: services };
      const model = adoptInferenceService(value, { name: undefined, version: undefined, mirrorPercentage: 100 });
      if ('code' in model) return t.fail(model.message);
      t.is(model.candidate === undefined, second === null);
      const file = { path: 'model.yaml', folder: '.', name: 'model.yaml' };
      const text = toModelFile(model, 'x.json');
      const { objects, problems } = renderApplication(
        {
          folder: '.',
          files: [file],
          policyRoot: '.',
          ignoredPolicies: [],
          problems: [],
          read: () => ({ path: file.path, text }),
        },
        {},
        (manifest): Manifest => manifest,
      );
      // KServe knows none of these fields, which is a warning.
      t.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
        text,
      );
      for (const { metadata, spec } of services) {
        const rendered = objects.find(
          ({ kind, name }) => kind === 'InferenceService' && name === metadata.name,
        )?.output;
        t.deepEqual(toPlain(rendered?.spec), toPlain(spec), text);
        const {
          'app.kubernetes.io/name': _,
          'app.kubernetes.io/version': version,
          'app.kubernetes.io/managed-by': by,
          ...labels
        } = rendered?.metadata.labels ?? {};
        t.deepEqual([labels, typeof version, by], [metadata.labels, 'string', 'model-mirror']);
      }
    }),
    { numRuns: runs },
  );
});
