/**
 * A status file of another release: what an older one wrote is read, fields that a newer one adds are ignored, and a value that is
 * not known here opens no mirror. `docs/upgrading.md` promises it, because plugin and watcher may be upgraded in either order.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { render } from '../core/render/memory-tree.ts';
import { fixtures } from '../goldens/golden-case.ts';

const folder = join(fixtures, 'explain/ramp/input/models/wisdom');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const files = {
  'model.yaml': read('model.yaml'),
  'policy.yaml': read('policy.yaml'),
  'status.yaml': read('status.yaml'),
};

/** The same, with a field in every map that no release knows yet. */
function withNewFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNewFields);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withNewFields(inner)]);
  return { ...Object.fromEntries(entries), sinceALaterRelease: { of: ['it', 1] } };
}

function withoutNewFields(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'sinceALaterRelease' ? undefined : inner)));
}

function renderWith(status: string) {
  const { objects, problems, rollouts } = render({ ...files, 'status.yaml': status });
  return {
    outputs: objects.map(({ output }) => output),
    codes: problems.map(({ severity, code }) => `${severity} ${code}`),
    percentage: rollouts[0]?.candidates[0]?.mirror.percentage,
  };
}

/** Every status file of the goldens that this release can read. */
const statuses = readdirSync(fixtures, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /(^|\.)status(\.[a-z]+)?\.yaml$/.test(entry.name))
  .map(({ parentPath, name }) => join(parentPath, name))
  .filter((path) => path.includes('/input/'))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  .filter((source) => parseStatus(source).problems.length === 0);

test('fields of a newer watcher are ignored, wherever they are', (t) => {
  t.true(statuses.length > 50);
  t.true(statuses.some(({ text }) => text.includes('verdict: Failing')));
  t.true(
    statuses.some(({ text }) => text.includes('candidate: {')),
    'the form of 0.1.0',
  );
  for (const source of statuses) {
    const { value, problems } = parseStatus({ ...source, text: JSON.stringify(withNewFields(parse(source.text))) });
    t.deepEqual(problems, [], source.path);
    t.deepEqual(withoutNewFields(value), withoutNewFields(parseStatus(source).value), source.path);
  }
});

test('with fields of a newer watcher, everything is rendered as without them, to the last byte', (t) => {
  const now = renderWith(files['status.yaml']);
  t.is(now.percentage, 5, 'the second step of the ramp');
  t.deepEqual(renderWith(JSON.stringify(withNewFields(parse(files['status.yaml'])))), now);
});

test('a value that only a newer watcher knows closes the mirror, and is reported', (t) => {
  const { outputs } = renderWith(files['status.yaml']);
  const isService = (output: string) => output.includes('"kind":"InferenceService"');
  for (const [known, later] of [
    ['v1alpha1', 'v1alpha2'],
    ['state: Ready', 'state: Warming'],
    ['verdict: Passing', 'verdict: Promising'],
    ['by: sequence', 'by: oracle'],
  ] as const) {
    const status = files['status.yaml'].replace(known, later);
    t.not(status, files['status.yaml'], known);
    const then = renderWith(status);
    t.is(then.percentage, 0, later);
    t.deepEqual(then.codes, ['warning status-broken'], later);
    t.deepEqual(then.outputs.filter(isService), outputs.filter(isService), later);
  }
});

test('a verdict by the rule of another release earns no step of the ramp', (t) => {
  const { percentage, codes } = renderWith(files['status.yaml'].replace('beta-binomial/1', 'beta-binomial/2'));
  t.is(percentage, 1);
  t.deepEqual(codes, []);
});

test('a field of a newer release in a file that people write is refused, and nothing is rendered', (t) => {
  for (const [name, text] of Object.entries({
    'model.yaml': files['model.yaml'].replace('spec:\n', 'spec:\n  sinceALaterRelease: 1\n'),
    'policy.yaml': files['policy.yaml'].replace('spec:\n', 'spec:\n  sinceALaterRelease: 1\n'),
  })) {
    const { objects, problems } = render({ ...files, [name]: text });
    t.deepEqual(
      problems.map(({ code, file }) => [code, file]),
      [['unknown-field', name]],
    );
    t.deepEqual(objects, []);
  }
});
