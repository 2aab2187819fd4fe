/** For every text: a promotion and its rollback leave the primary as it was. */
import test from 'ava';
import fc from 'fast-check';
import { promoteCandidate } from '../../../src/core/edit/model-edits.ts';
import { restorePrimary } from '../../../src/core/edit/restore-primary.ts';
import { parseModel } from '../../../src/core/input/parse-document.ts';
import type { Model, ModelVersion } from '../../../src/core/input/schema.ts';
import { toYamlText } from '../../../src/core/manifests/manifest-text.ts';
import { renderApplication } from '../../../src/core/render/application.ts';
import { times } from '../../thorough.ts';
import { toMemoryTree } from '../render/memory-tree.ts';
import { toBizarreText } from './bizarre-text.ts';

const path = 'model.yaml';
const settings = { numRuns: times(300, 30), includeErrorInReport: true };

const inModel = (fields: object) => ({
  spec: { predictor: { model: fields } },
});
const overrides = fc.constantFrom(
  {},
  {
    metadata: {
      labels: { team: 'blue' },
      annotations: { 'example.com/why': 'a: b #c' },
    },
  },
  inModel({ runtime: 'kserve-mlserver', args: ['a', 'b'] }),
  inModel({ storage: { key: 'minio', path: 'm/v1' } }),
  {
    spec: {
      predictor: {
        minReplicas: 2,
        model: { resources: { limits: { cpu: '2' } } },
      },
    },
  },
);
/** With one place where it is stored. */
const toVersion = ({ storageUri, ...version }: ModelVersion): ModelVersion =>
  JSON.stringify(version.overrides ?? {}).includes('minio') || storageUri === undefined
    ? version
    : { ...version, storageUri };
const toVersions = (...names: [string, ...string[]]) =>
  fc
    .record(
      {
        version: fc.constantFrom('v1', 'v2', '1.0', '2026-11'),
        storageUri: fc.constantFrom('s3://m/v1', 's3://m/v2', 'pvc://claim/dir', 'https://models/a?b=c,d#e'),
        name: fc.constantFrom(...names),
        overrides,
      },
      { requiredKeys: ['version', 'storageUri'] },
    )
    .map(toVersion);
const primaries = toVersions('sage', 'wisdom-0');
const candidates = toVersions('novice');
const modes = fc.constantFrom('ModelMesh', 'Standard');

const toValue = (mode: string, primary: ModelVersion, candidate: ModelVersion) => ({
  apiVersion: 'model-mirror.dev/v1alpha1',
  kind: 'Model',
  metadata: { name: 'wisdom', namespace: 'models' },
  spec: {
    template: {
      metadata: {
        annotations: { 'serving.kserve.io/deploymentMode': mode },
        labels: { a: 'v1' },
      },
      ...inModel({ modelFormat: { name: 'sklearn' } }),
    },
    primary,
    candidate,
  },
});

function parse(text: string): Model {
  const { value, problems } = parseModel({ path, text });
  if (value === undefined) throw new Error(`${JSON.stringify(problems)}\n${text}`);
  return value;
}

/** The InferenceService of the primary, to the byte. */
function render(text: string): {
  readonly name: string;
  readonly text: string;
} {
  const { rollouts, objects, problems } = renderApplication(toMemoryTree({ [path]: text }), {}, toYamlText);
  const name = rollouts[0]?.primary.version.name;
  const found = objects.find((object) => object.kind === 'InferenceService' && object.name === name);
  if (found === undefined || name === undefined) throw new Error(`${JSON.stringify(problems)}\n${text}`);
  return { name, text: found.output };
}

test('a promotion and its rollback leave the same InferenceService, in every way to write them', (t) => {
  let [refused, renamed] = [0, 0];
  fc.assert(
    fc.property(modes, primaries, candidates, fc.boolean(), fc.gen(), (mode, primary, candidate, aliases, draw) => {
      const { text } = toBizarreText(draw, toValue(mode, primary, candidate) as never, {
        marked: ['primary', 'candidate'],
        aliases,
      });
      const promoted = promoteCandidate({ path, text }, parse(text), candidate);
      if (!('text' in promoted)) {
        refused++;
        return;
      }
      const back = restorePrimary({ path, text: promoted.text }, parse(promoted.text), primary, text);
      if (!('text' in back)) {
        t.true(aliases, `it is refused: ${back.problem.message}\n${promoted.text}`);
        refused++;
        return;
      }
      const name = candidate.name ?? primary.name;
      const { candidate: _, ...spec } = toValue(mode, primary, candidate).spec;
      t.deepEqual(parse(back.text).spec, {
        ...spec,
        primary: { ...primary, ...(name === undefined ? {} : { name }) },
      } as Model['spec']);
      const [was, is] = [render(text), render(back.text)];
      // What serves now keeps its name: nothing else may differ.
      if (was.name !== is.name) renamed++;
      t.is(is.text, was.text.replaceAll(was.name, is.name));
    }),
    settings,
  );
  t.log(`${refused} refused, ${renamed} under another name`);
  t.true(refused < settings.numRuns / 2 && renamed > 0 && renamed < settings.numRuns);
});

test('comments in the entry come back, also where other things have changed', (t) => {
  const head =
    'apiVersion: model-mirror.dev/v1alpha1\nkind: Model\nmetadata: {name: wisdom}\nspec:\n  template: {spec: {}}\n';
  const past = `${head}  primary: # answers\n    version: v1 # since May\n    # it is large\n    storageUri: s3://m/v1\n`;
  const now = `# ours\n${head}  primary: # really answers\n    version: v2\n    name: sage # kept\n    storageUri: s3://m/v2\n  # below\n`;
  const edited = restorePrimary({ path, text: now }, parse(now), parse(past).spec.primary, past);
  t.deepEqual(edited, {
    text: `# ours\n${head}  primary: # really answers\n    version: v1 # since May\n    name: sage\n    # it is large\n    storageUri: s3://m/v1\n  # below\n`,
  });
  t.deepEqual(restorePrimary({ path, text: past }, parse(past), parse(past).spec.primary, past), { text: past });
});

test('an alias whose anchor is gone is written out', (t) => {
  const head = 'apiVersion: model-mirror.dev/v1alpha1\nkind: Model\nmetadata: {name: wisdom}\nspec:\n';
  const past = `${head}  template: {spec: &all {a: 1}}\n  primary:\n    version: v1\n    overrides: {spec: *all}\n`;
  const now = `${head}  template: {spec: {a: 1}}\n  primary:\n    version: v2\n`;
  const edited = restorePrimary({ path, text: now }, parse(now), parse(past).spec.primary, past);
  t.deepEqual(edited, {
    text: `${head}  template: {spec: {a: 1}}\n  primary: {version: v1, overrides: {spec: {a: 1}}}\n`,
  });
});
