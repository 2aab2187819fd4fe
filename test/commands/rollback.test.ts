/** A rollback: which version it leads to, from whatever git has, and what it refuses. */
import test from 'ava';
import { candidateSet } from '../../src/commands/candidate-set.ts';
import { promote } from '../../src/commands/promote.ts';
import { rollback } from '../../src/commands/rollback.ts';
import type { EditOutcome } from '../../src/core/edit/outcome.ts';
import { parseModel } from '../../src/core/input/parse-document.ts';
import type { ModelVersion } from '../../src/core/input/schema.ts';
import { renderDigests } from '../../src/core/render/digests.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { MemoryClone, model, toRequest } from './memory-clone.ts';

const status = 'models/wisdom/status.yaml';
const policy = 'models/wisdom/policy.yaml';

interface Entry {
  readonly version: string;
  readonly name?: string;
  /** More of the entry, on lines of its own. */
  readonly more?: string;
}

const toEntry = ({ version, name, more = '' }: Entry) =>
  `    version: ${version}\n${name === undefined ? '' : `    name: ${name}\n`}    storageUri: s3://models/${version} # of ${version}\n${more}`;

function toModel(primary: Entry, candidate?: Entry, template = '', mode = 'ModelMesh'): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: models}
spec:
  template: # shared
    metadata: {annotations: {serving.kserve.io/deploymentMode: ${mode}}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}${template}}}}
  primary: # answers clients
${toEntry(primary)}${candidate === undefined ? '' : `  candidate:\n${toEntry(candidate)}`}`;
}

const v1 = { version: 'v1' };
const v2 = { version: 'v2' };
const v3 = { version: 'v3' };

/** Commits of the model file, the oldest first. */
function toClone(...texts: readonly string[]): MemoryClone {
  const [first = '', ...others] = texts;
  const clone = new MemoryClone({ [model]: first });
  for (const text of others) clone.share({ [model]: text });
  return clone;
}

function findPrimary(clone: MemoryClone): ModelVersion | undefined {
  return parseModel({ path: model, text: clone.work[model] ?? '' }).value?.spec.primary;
}

const run = (clone: MemoryClone, wishes = {}) =>
  rollback(toRequest({ commit: true, push: true, ...wishes }), clone.toPorts());

const codes = (outcome: EditOutcome) =>
  outcome.code === 'edited'
    ? outcome.edit.notes.map(({ code }) => code)
    : outcome.code === 'refused'
      ? outcome.problems.map(({ code }) => code)
      : [];

test('the text before a promotion is restored, to the byte but for the candidate', async (t) => {
  const old = {
    ...v1,
    more: '    overrides: # more of it\n      metadata: {labels: {team: blue}}\n',
  };
  const clone = toClone(toModel(old), toModel(old, v2), toModel(v2));
  const outcome = await run(clone);
  t.is(clone.work[model], toModel(old));
  t.is(clone.remote[model], toModel(old));
  t.like(outcome, {
    code: 'edited',
    edit: {
      effect: { code: 'loaded-in-place', service: 'wisdom-0', to: 'v1' },
    },
    result: { code: 'committed', push: { code: 'pushed' } },
  });
  t.deepEqual(codes(outcome), ['not-kept']);
});

test('what was promoted is undone, never what was rolled back', async (t) => {
  const clone = toClone(toModel(v1), toModel(v1, v2), toModel(v2), toModel(v2, v3), toModel(v3));
  t.is((await run(clone)).code, 'edited');
  t.is(findPrimary(clone)?.version, 'v2');
  t.is((await run(clone)).code, 'edited');
  t.is(findPrimary(clone)?.version, 'v1');
  t.deepEqual(codes(await run(clone)), ['no-promotion']);
  t.is(findPrimary(clone)?.version, 'v1');
  // What was rolled back is tried again, and promoted: a promotion like any other.
  clone.share({ [model]: toModel(v1, v3) });
  clone.share({ [model]: toModel(v3) });
  await run(clone);
  t.is(findPrimary(clone)?.version, 'v1');
});

test('a rollback that is committed and not pushed is pushed when it is asked for again', async (t) => {
  const clone = toClone(toModel(v1), toModel(v1, v2), toModel(v2), toModel(v2, v3), toModel(v3));
  await run(clone, { commit: false, push: false });
  t.is(findPrimary(clone)?.version, 'v2');
  t.is(clone.head[model], toModel(v3));
  await run(clone, { push: false });
  t.is(clone.head[model], toModel(v2));
  t.is(clone.remote[model], toModel(v3));
  t.like(await run(clone, { commit: false, push: false }), {
    code: 'unchanged',
    result: { code: 'not-pushed' },
  });
  t.like(await run(clone), {
    code: 'unchanged',
    result: { code: 'push', push: { code: 'pushed' } },
  });
  t.is(clone.remote[model], toModel(v2));
  await run(clone);
  t.is(clone.remote[model], toModel(v1));
});

test('a rollback that is pushed is not asked for again by whoever has something else in the file to push', async (t) => {
  const clone = toClone(toModel(v1), toModel(v1, v2), toModel(v2), toModel(v2, v3), toModel(v3));
  await run(clone);
  t.is(clone.remote[model], toModel(v2));
  clone.put(model, `# mine\n${toModel(v2)}`);
  clone.commitAll();
  t.is((await run(clone)).code, 'edited');
  t.is(clone.remote[model], `# mine\n${toModel(v1)}`);
});

const histories: Record<string, { readonly texts: readonly string[]; readonly leadsTo: string | undefined }> = {
  'no promotion': {
    texts: [toModel(v1), toModel(v1, v2), toModel(v1)],
    leadsTo: undefined,
  },
  'a squash, in which nobody sees the candidate': {
    texts: [toModel(v1), toModel(v2)],
    leadsTo: 'v1',
  },
  'a promotion that begins the next trial': {
    texts: [toModel(v1, v2), toModel(v2, v3)],
    leadsTo: 'v1',
  },
  'a promotion that was reverted with git': {
    texts: [toModel(v1, v2), toModel(v2), toModel(v1, v2)],
    leadsTo: undefined,
  },
  'a promotion that was reverted, and made again': {
    texts: [toModel(v1, v2), toModel(v2), toModel(v1, v2), toModel(v2)],
    leadsTo: 'v1',
  },
  'an earlier version that was tried and promoted again': {
    texts: [toModel(v1, v2), toModel(v2), toModel(v2, v1), toModel(v1)],
    leadsTo: 'v2',
  },
  'two promotions that were undone by hand at once': {
    texts: [toModel(v1), toModel(v2), toModel(v3), toModel(v1)],
    leadsTo: undefined,
  },
  'a primary that was tuned after its promotion': {
    texts: [toModel(v1, v2), toModel(v2), toModel({ ...v2, more: '    overrides: {spec: {maxReplicas: 3}}\n' })],
    leadsTo: 'v1',
  },
  'a candidate that differs from the primary in its overrides alone': {
    texts: [
      toModel(v2, { ...v2, more: '    overrides: {spec: {maxReplicas: 3}}\n' }),
      toModel({ ...v2, more: '    overrides: {spec: {maxReplicas: 3}}\n' }),
    ],
    leadsTo: 'v2',
  },
  'a file that could not be read meanwhile': {
    texts: [toModel(v1, v2), 'kind: Model\n', toModel(v2)],
    leadsTo: 'v1',
  },
  'a way back to a version that is the candidate, and stays it': {
    texts: [toModel(v1, v2), toModel(v2), toModel(v2, v1), toModel(v1, v1)],
    leadsTo: undefined,
  },
  'two versions that were swapped': {
    texts: [
      toModel({ ...v1, name: 'wisdom-0' }, { ...v2, name: 'wisdom-1' }),
      toModel({ ...v2, name: 'wisdom-1' }, { ...v1, name: 'wisdom-0' }),
      toModel({ ...v2, name: 'wisdom-1' }),
    ],
    leadsTo: 'v1',
  },
  'two versions that were swapped, and swapped back': {
    texts: [
      toModel({ ...v1, name: 'wisdom-0' }, { ...v2, name: 'wisdom-1' }),
      toModel({ ...v2, name: 'wisdom-1' }, { ...v1, name: 'wisdom-0' }),
      toModel({ ...v1, name: 'wisdom-0' }, { ...v2, name: 'wisdom-1' }),
    ],
    leadsTo: undefined,
  },
};

for (const [what, { texts, leadsTo }] of Object.entries(histories))
  test(`after ${what}, it leads to ${leadsTo ?? 'nothing'}`, async (t) => {
    const clone = toClone(...texts);
    const before = clone.work[model];
    const outcome = await run(clone);
    if (leadsTo === undefined) {
      t.deepEqual(codes(outcome), ['no-promotion']);
      t.is(clone.work[model], before);
      return;
    }
    t.is(outcome.code, 'edited', JSON.stringify(outcome));
    t.is(findPrimary(clone)?.version, leadsTo);
    t.is(findPrimary(clone)?.overrides, undefined);
  });

test('the InferenceService that serves keeps its name, whatever the version was called', async (t) => {
  const clone = toClone(
    toModel({ ...v1, name: 'sage' }),
    toModel({ ...v1, name: 'sage' }, { ...v2, name: 'novice' }),
    toModel({ ...v2, name: 'novice' }),
  );
  const outcome = await run(clone);
  t.deepEqual(findPrimary(clone), {
    version: 'v1',
    name: 'novice',
    storageUri: 's3://models/v1',
  });
  t.deepEqual(codes(outcome), ['name-kept', 'not-kept']);
  t.like(outcome, {
    edit: { effect: { code: 'loaded-in-place', service: 'novice' } },
  });
});

test('a candidate stays, and is named', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2), toModel(v2, v3));
  const outcome = await run(clone);
  t.is(clone.work[model], toModel(v1, v3));
  t.deepEqual(codes(outcome), ['candidate-stays', 'not-kept']);
});

test('a template or policy that has changed since is named', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2), toModel(v2, undefined, ', runtime: triton'));
  t.deepEqual(codes(await run(clone)), ['differs-from-then', 'not-kept']);
  const patched = toClone(toModel(v1, v2), toModel(v2));
  const patch = '{target: {kind: InferenceService}, patch: [{op: add, path: /spec/predictor/model/args, value: [a]}]}';
  patched.share({
    [policy]: `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: wisdom}\nspec: {patches: [${patch}]}\n`,
  });
  t.deepEqual(codes(await run(patched)), ['differs-from-then', 'not-kept']);
});

test('in another mode the version is another one', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2), toModel(v2, undefined, '', 'Standard'));
  const outcome = await run(clone);
  t.like(outcome, {
    code: 'refused',
    problems: [{ code: 'edit-refused', field: 'spec.primary' }],
  });
  t.is(findPrimary(clone)?.version, 'v2');
});

test('limits hold for an earlier version, too', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2));
  const limits = '{limits: {storageUriPrefixes: [s3://models/v2]}}';
  clone.share({
    [policy]: `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: w}\nspec: ${limits}\n`,
  });
  t.deepEqual(codes(await run(clone)), ['storage-not-allowed']);
});

test('a version that cannot be rendered, as limits forbid it now, is no obstacle to the way back', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2));
  const limits = '{limits: {storageUriPrefixes: [s3://models/v1]}}';
  clone.share({
    [policy]: `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: w}\nspec: ${limits}\n`,
  });
  const outcome = await run(clone);
  t.is(outcome.code, 'edited', JSON.stringify(codes(outcome)));
  t.is(clone.remote[model], toModel(v1));
});

test('a primary that is changed and not committed is in the way; anything else is not', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2));
  clone.put(model, toModel(v3));
  t.like(await run(clone), {
    code: 'refused',
    uncommitted: model,
    problems: [{ code: 'edit-refused' }],
  });
  t.is(clone.work[model], toModel(v3));
  clone.put(model, `# mine\n${toModel(v2)}`);
  t.is((await run(clone)).code, 'edited');
  t.is(clone.head[model], `# mine\n${toModel(v1)}`);
});

test('a shallow clone may lack the promotion, and says so', async (t) => {
  const clone = toClone(toModel(v1, v2), toModel(v2), toModel(v2, v3));
  const [, second] = await clone.past.listSteps(await clone.past.names.resolve('main'));
  if (second?.parent !== undefined) clone.past.forget(second.parent);
  const outcome = await run(clone);
  t.deepEqual(codes(outcome), ['no-promotion']);
  t.regex(outcome.code === 'refused' ? (outcome.problems[0]?.hint ?? '') : '', /--unshallow/);
});

test('a shallow clone in which a way back may look like a promotion leads nowhere', async (t) => {
  const clone = toClone(toModel(v1), toModel(v2), toModel(v3), toModel(v2));
  const [, third] = await clone.past.listSteps(await clone.past.names.resolve('main'));
  if (third?.parent !== undefined) clone.past.forget(third.parent);
  const outcome = await run(clone);
  t.deepEqual(codes(outcome), ['no-promotion']);
  t.regex(outcome.code === 'refused' ? (outcome.problems[0]?.hint ?? '') : '', /--unshallow/);
  t.is(findPrimary(clone)?.version, 'v2');
});

test('without commits there is nothing to go back to', async (t) => {
  const clone = toClone(toModel(v1));
  await t.throwsAsync(rollback(toRequest(), clone.toPorts(false)), {
    message: /not in a git repository/,
  });
});

/** The status file of a model whose primary is ready. */
function toReady(text: string): string {
  const [rendered] = renderDigests(toMemoryTree({ [model]: text }), {
    cluster: undefined,
  }).rollouts;
  const toObserved = ({
    version,
    digest,
    loaded,
  }: {
    version: { name: string; declared: ModelVersion };
    digest: string;
    loaded: string;
  }) => ({
    ...{
      name: version.name,
      version: version.declared.version,
      digest,
      loaded,
      state: 'Ready' as const,
    },
  });
  if (rendered === undefined) throw new Error('it does not render');
  const { primary, candidates } = rendered;
  return toStatusText({
    ...{ name: 'wisdom', namespace: 'models' },
    status: {
      primary: toObserved(primary),
      candidates: candidates.map(toObserved),
    },
  });
}

test('it says what serves meanwhile, and how long the version took to load the last time', async (t) => {
  const clone = toClone(toModel(v1));
  await candidateSet(
    toRequest({ commit: true, push: true }),
    {
      version: 'v2',
      storageUri: 's3://models/v2',
      storagePath: undefined,
      service: undefined,
      withoutOverrides: false,
    },
    clone.toPorts(),
  );
  clone.share({ [status]: toReady(clone.work[model] ?? '') });
  t.is((await promote(toRequest({ commit: true, push: true }), false, clone.toPorts())).code, 'edited');
  clone.share({ [status]: toReady(clone.work[model] ?? '') });
  clone.share({ [model]: toModel(v2, v3) });
  clone.share({ [model]: toModel(v3) });
  // The status file is of v2.
  const unknown = await run(clone);
  t.like(unknown, { edit: { effect: { from: undefined, to: 'v2' } } });
  t.true(
    unknown.code === 'edited' && unknown.edit.notes.some((note) => note.code === 'took-to-load' && note.seconds === 60),
  );
  clone.share({ [status]: toReady(clone.work[model] ?? '') });
  t.like(await run(clone), { edit: { effect: { from: 'v2', to: 'v1' } } });
});
