/** The use cases that edit a model: every state in which its files can be, by every way to ask for the edit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { candidateSet } from '../../src/commands/candidate-set.ts';
import { discard } from '../../src/commands/discard.ts';
import type { EditPorts, EditRequest } from '../../src/commands/edit/plan.ts';
import { mirror } from '../../src/commands/mirror.ts';
import { promote } from '../../src/commands/promote.ts';
import type { Fault } from '../../src/core/diagnostics/fault.ts';
import type { EditOutcome } from '../../src/core/edit/outcome.ts';
import { toExitCode } from '../../src/core/edit/outcome.ts';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { renderDigests } from '../../src/core/render/digests.ts';
import { toAnalysisDigest } from '../../src/core/rollout/analysis-choice.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { MemoryClone, model, policy, toRequest } from './memory-clone.ts';

const input = join(import.meta.dirname, '../../fixtures/edit/promote/input');
const status = 'models/wisdom/status.yaml';
const readInput = (path: string) => readFileSync(join(input, path), 'utf8');

const toPolicy = (percentage: number, more = '') =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: wisdom}\nspec:\n  mirrorPercentage: ${percentage}\n${more}`;

/** A model with a candidate that is Ready, mirrored to at 20 %; everything is pushed. */
function toClone(): MemoryClone {
  return new MemoryClone({
    [model]: readInput(model),
    [status]: readInput(status),
    [policy]: toPolicy(20),
  });
}

type Edit = (request: EditRequest, ports: EditPorts) => Promise<EditOutcome>;

const brake: Edit = (request, ports) => mirror(request, { percentage: '0', here: false, at: undefined }, ports);
const set =
  (version: string, storageUri?: string): Edit =>
  (request, ports) =>
    candidateSet(
      request,
      { version, storageUri, storagePath: undefined, service: undefined, withoutOverrides: false },
      ports,
    );
const promoteReady: Edit = (request, ports) => promote(request, false, ports);

const states: Record<string, (clone: MemoryClone) => void> = {
  untouched: () => {},
  written: (clone) => clone.put(policy, toPolicy(0)),
  'another change is written': (clone) => clone.put(policy, `# mine\n${toPolicy(20)}`),
  'both are written': (clone) => clone.put(policy, `# mine\n${toPolicy(0)}`),
  'committed, and another value is written': (clone) => {
    clone.put(policy, toPolicy(0));
    clone.commitAll();
    clone.put(policy, toPolicy(20));
  },
  committed: (clone) => {
    clone.put(policy, toPolicy(0));
    clone.commitAll();
  },
  pushed: (clone) => {
    clone.put(policy, toPolicy(0));
    clone.commitAll();
    clone.remote = clone.head;
  },
};

const ways: Record<string, Partial<EditRequest>> = {
  write: {},
  commit: { commit: true },
  'commit and push': { commit: true, push: true },
  'a new branch': { branch: 'brake' },
  'a new branch and push': { branch: 'brake', push: true },
};

const isZero = (text: string | undefined) => text?.includes('mirrorPercentage: 0') === true;

for (const [state, prepare] of Object.entries(states))
  for (const [way, wishes] of Object.entries(ways)) {
    test(`the brake, ${state}: ${way}`, async (t) => {
      const clone = toClone();
      prepare(clone);
      const before = { work: clone.work[policy], head: clone.head[policy], isPushed: isZero(clone.remote[policy]) };
      const isCommitting = wishes.commit === true || wishes.branch !== undefined;
      const outcome = await brake(toRequest(wishes), clone.toPorts());
      t.true(isZero(clone.work[policy]));
      t.is(clone.work[policy]?.includes('# mine'), before.work?.includes('# mine'));
      t.is(isZero(clone.head[policy]), isZero(before.head) || isCommitting);
      if (isCommitting) t.is(clone.head[policy], clone.work[policy]);
      t.is(clone.commits.length, clone.head[policy] === before.head ? 0 : 1);
      // A branch that was asked for is pushed, never the one that is checked out instead.
      const isPushing = wishes.push === true && (wishes.branch === undefined || clone.commits.length > 0);
      t.is(isZero(clone.remote[policy]), before.isPushed || isPushing);
      const isDone = isZero(clone.remote[policy]);
      const next = 'result' in outcome && 'next' in outcome.result ? outcome.result.next : undefined;
      t.is(next === undefined, isDone, 'a step is left exactly while it is not pushed');
      const isRefused = wishes.push === true && !isDone;
      t.is(toExitCode(outcome), isRefused && outcome.code === 'unchanged' ? 1 : 0);
      if (!isDone) return;
      const again = await brake(toRequest(wishes), clone.toPorts());
      t.like(again, { code: 'unchanged', result: { code: 'nothing-to-do' } });
    });

    test(`the brake, ${state}: ${way}, dry run`, async (t) => {
      const clone = toClone();
      prepare(clone);
      const { work, head, remote } = clone;
      const outcome = await brake(toRequest({ ...wishes, dryRun: true }), clone.toPorts());
      t.deepEqual([clone.work, clone.head, clone.remote, clone.commits], [work, head, remote, []]);
      t.true(outcome.code === 'unchanged' || (outcome.code === 'edited' && outcome.result.code === 'dry-run'));
    });
  }

const others: Record<string, { readonly edit: Edit; readonly unchanged: object; readonly subject: string }> = {
  discard: { edit: discard, unchanged: { code: 'no-candidate' }, subject: 'discard' },
  promote: { edit: promoteReady, unchanged: { code: 'promoted', version: 'v2' }, subject: 'promote' },
  'candidate set': { edit: set('v3', 's3://m/v3'), unchanged: { code: 'candidate-set' }, subject: 'change' },
};

for (const [name, { edit, unchanged, subject }] of Object.entries(others))
  test(`a forgotten commit: ${name}`, async (t) => {
    const clone = toClone();
    const first = await edit(toRequest(), clone.toPorts());
    t.like(first, { code: 'edited', result: { code: 'written', next: { code: 'run' } } });
    const written = clone.work;
    t.like(await edit(toRequest(), clone.toPorts()), {
      code: 'unchanged',
      unchanged,
      result: { code: 'not-committed' },
    });
    const committed = await edit(toRequest({ commit: true, push: true }), clone.toPorts());
    t.like(committed, { edit: { file: model }, result: { code: 'committed', isWritten: false } });
    t.deepEqual([clone.work, clone.head], [written, written]);
    t.deepEqual(clone.commits, [{ message: subject, branch: 'main' }]);
    t.is(clone.remote, clone.head);
  });

test('a promotion that is not committed is not taken for a discard, nor the other way round', async (t) => {
  for (const [first, second, code] of [
    [promoteReady, discard, 'edit-refused'],
    [discard, promoteReady, 'no-candidate'],
  ] as const) {
    const clone = toClone();
    await first(toRequest(), clone.toPorts());
    const { work } = clone;
    for (const wishes of [{}, { commit: true }, { branch: 'b' }])
      t.like(await second(toRequest(wishes), clone.toPorts()), {
        code: 'refused',
        problems: [{ code, file: model }],
        uncommitted: model,
      });
    t.is(clone.work, work);
  }
});

test('a candidate is promoted only while the status file reports it as Ready, also when only its commit is missing', async (t) => {
  const clone = toClone();
  clone.put(status, readInput(status).replaceAll('state: Ready', 'state: Loading'));
  clone.commitAll();
  const refused = { code: 'refused', problems: [{ code: 'candidate-not-ready', file: model, line: 19 }] };
  t.like(await promoteReady(toRequest(), clone.toPorts()), refused);
  t.like(await promote(toRequest(), true, clone.toPorts()), {
    code: 'edited',
    edit: { effect: { code: 'loaded-in-place', from: 'v1', to: 'v2' } },
  });
  t.like(await promoteReady(toRequest({ commit: true }), clone.toPorts()), refused);
  t.is((await promote(toRequest({ commit: true }), true, clone.toPorts())).code, 'edited');
});

test('what somebody has written into the status file is no observation until it is committed', async (t) => {
  const ready = readInput(status);
  const loading = ready.replaceAll('state: Ready', 'state: Loading');
  for (const wishes of [{}, { commit: true, push: true }]) {
    const clone = toClone();
    clone.put(status, loading);
    clone.commitAll();
    clone.put(status, ready);
    const { head, remote } = clone;
    const outcome = await promoteReady(toRequest(wishes), clone.toPorts());
    t.like(outcome, { code: 'refused', problems: [{ code: 'candidate-not-ready' }] });
    t.regex(outcome.code === 'refused' ? (outcome.problems[0]?.hint ?? '') : '', /changed here/);
    t.deepEqual([clone.head, clone.remote], [head, remote]);
    t.is((await promote(toRequest(wishes), true, clone.toPorts())).code, 'edited');
  }
  const [clone, fresh] = [toClone(), toClone()];
  clone.put(status, loading);
  t.is((await promoteReady(toRequest(), clone.toPorts())).code, 'edited', 'what is committed counts');
  fresh.head = { [policy]: toPolicy(20) };
  t.is((await promoteReady(toRequest(), fresh.toPorts())).code, 'refused', 'nothing is observed yet');
  t.is((await promoteReady(toRequest(), toClone().toPorts(false))).code, 'edited', 'outside of a repository');
});

test('a hook that takes the edit out of the commit is noticed, and one that formats the file is not refused', async (t) => {
  const request = toRequest({ commit: true, push: true });
  const clone = toClone();
  clone.hook = () => `${toPolicy(20)}# formatted\n`;
  const lost = await brake(request, clone.toPorts());
  t.like(lost, { code: 'edited', result: { code: 'lost' } });
  t.is(toExitCode(lost), 1);
  t.false(isZero(clone.remote[policy]));
  const formatted = toClone();
  formatted.hook = (text) => `${text}# formatted\n`;
  t.like(await brake(request, formatted.toPorts()), { code: 'edited', result: { push: { code: 'pushed' } } });
});

test('a push that fails is reported after the commit, with the commands that repeat it', async (t) => {
  const push = async (prepare: (clone: MemoryClone) => void) => {
    const clone = toClone();
    prepare(clone);
    const outcome = await brake(toRequest({ commit: true, push: true }), clone.toPorts());
    t.true(isZero(clone.head[policy]));
    const result = outcome.code === 'edited' && outcome.result.code === 'committed' ? outcome.result.push : undefined;
    const step = result?.next;
    const lines = step?.code === 'run' ? step.commands.map(({ words }) => words.join(' ')) : [];
    return [result?.code === 'not-pushed' ? result.why.code : result?.code, toExitCode(outcome), ...lines];
  };
  const pull = 'pull --rebase --autostash';
  const refusal = { kind: 'refused', said: undefined } as const;
  t.deepEqual(
    await push((clone) => {
      clone.refusal = { ...refusal, isRejected: false };
    }),
    ['refused', 3, 'push'],
  );
  t.deepEqual(
    await push((clone) => {
      clone.refusal = { ...refusal, isRejected: true };
      clone.steps = { branches: ['main', 'mirror'] };
    }),
    ['refused', 3, 'switch --create mirror-2', 'push --set-upstream origin mirror-2'],
  );
  t.deepEqual(
    await push((clone) => {
      clone.refusal = { kind: 'overtaken', branch: 'main', reason: 'same-files' };
    }),
    ['overtaken', 1, pull, 'push'],
  );
  for (const at of ['commit', 'push'] as const)
    t.deepEqual(
      await push((clone) => {
        clone.interruptedAt = at;
        if (at === 'push') clone.refusal = { ...refusal, isRejected: false };
      }),
      ['interrupted', 3, 'push'],
    );
});

test('what the commit will have is checked, not what is beside it', async (t) => {
  const clone = toClone();
  clone.put(policy, toPolicy(0));
  const edit = set('v3', 's3://models/wisdom-3');
  const made = await edit(toRequest({ commit: true }), clone.toPorts());
  t.like(made, { code: 'edited', edit: { policy: { mirrorPercentage: 20 }, effect: { code: 'mirror-opens' } } });
  t.true(made.code === 'edited' && made.edit.notes.some(({ code }) => code === 'left-out'));
  // Policies at HEAD may refuse what those of the work tree allow.
  clone.put(policy, toPolicy(20, '  limits: {storageUriPrefixes: [s3://approved/]}\n'));
  clone.commitAll();
  clone.put(policy, toPolicy(20));
  const { work } = clone;
  t.like(await set('v4', 's3://models/wisdom-4')(toRequest({ commit: true }), clone.toPorts()), {
    code: 'refused',
    problems: [{ code: 'storage-not-allowed' }],
    notes: [{ code: 'left-out', files: [policy] }],
  });
  t.is(clone.work, work);
  t.is((await set('v4', 's3://models/wisdom-4')(toRequest(), clone.toPorts())).code, 'edited');
});

test('a file that git is told to treat as unchanged is committed all the same', async (t) => {
  const clone = toClone();
  clone.hidden.add(policy);
  await brake(toRequest(), clone.toPorts());
  const outcome = await brake(toRequest(), clone.toPorts());
  t.like(outcome, { code: 'unchanged', result: { code: 'not-committed', files: [] } });
  if (outcome.code !== 'unchanged' || outcome.result.code !== 'not-committed') return;
  const { next } = outcome.result;
  const commands = next.code === 'run' ? next.commands.map(({ words, files }) => [words[0], files]) : [];
  t.deepEqual(commands, [
    ['update-index', [policy]],
    ['update-index', [policy]],
    ['commit', [policy]],
    ['push', undefined],
  ]);
  t.like(await brake(toRequest({ commit: true }), clone.toPorts()), { result: { code: 'committed' } });
  t.true(isZero(clone.head[policy]));
});

test('the other models that a policy applies to are named, and an inherited percentage is not changed silently', async (t) => {
  const clone = toClone();
  const outer = 'models/policy.yaml';
  clone.work = { ...clone.work, 'models/sage/model.yaml': readInput(model).replaceAll('wisdom', 'sage') };
  clone.put(outer, toPolicy(30));
  clone.put(policy, toPolicy(20).replace('mirrorPercentage: 20', 'gate: Status'));
  const outcome = await mirror(toRequest(), { percentage: '5', here: false, at: outer }, clone.toPorts());
  t.true(
    outcome.code === 'edited' && outcome.edit.notes.some(({ code }) => code === 'also-for'),
    JSON.stringify(outcome),
  );
  t.like(await mirror(toRequest(), { percentage: '6', here: false, at: undefined }, clone.toPorts()), {
    code: 'refused',
    problems: [{ code: 'percentage-inherited', file: outer }],
  });
});

test('a small share is asked about, once it is to be written and unless the sign was typed', async (t) => {
  const mirrorAt = (clone: MemoryClone, percentage: string, wishes: Partial<EditRequest> = {}) =>
    mirror(toRequest(wishes), { percentage, here: false, at: undefined }, clone.toPorts());
  const clone = toClone();
  clone.answer = false;
  const { work } = clone;
  t.is((await mirrorAt(clone, '0.2', { commit: true })).code, 'declined');
  t.is(clone.work, work);
  for (const [percentage, wishes] of [
    ['0.2%', {}],
    ['0.4', { dryRun: true }],
    ['5', {}],
  ] as const)
    t.is((await mirrorAt(clone, percentage, wishes)).code, 'edited');
  t.deepEqual(clone.questions, [0.2]);
  const outcome = await mirrorAt(toClone(), '0.25');
  t.true(outcome.code === 'edited');
  if (outcome.code !== 'edited') return;
  t.deepEqual(outcome.edit.notes, [{ code: 'small-share', percentage: 0.25, requests: 25, outOf: 10_000 }]);
});

test('the brake leaves an inherited percentage to the other models, and asks nothing', async (t) => {
  const stop: Edit = (request, ports) =>
    mirror(request, { percentage: '0', here: false, at: undefined, isBrake: true }, ports);
  const wishes = { commit: true, push: true };
  const outer = 'models/policy.yaml';
  const clone = new MemoryClone({ [model]: readInput(model), [status]: readInput(status), [outer]: toPolicy(20) });
  t.is((await brake(toRequest(wishes), clone.toPorts())).code, 'refused');
  const first = await stop(toRequest(wishes), clone.toPorts());
  t.like(first, { code: 'edited', edit: { file: policy, before: undefined }, result: { code: 'committed' } });
  t.true(isZero(clone.work[policy]));
  t.is(clone.work[outer], toPolicy(20));
  t.like(await stop(toRequest(wishes), clone.toPorts()), { code: 'unchanged', result: { code: 'nothing-to-do' } });
  // Its own policy is changed in place, and an outer one that stops it already needs nothing here.
  const own = toClone();
  t.like(await stop(toRequest(wishes), own.toPorts()), {
    code: 'edited',
    edit: { file: policy, before: toPolicy(20) },
  });
  const all = new MemoryClone({ [model]: readInput(model), [status]: readInput(status), [outer]: toPolicy(0) });
  t.is((await stop(toRequest(wishes), all.toPorts())).code, 'unchanged');
});

test('while the mirror is closed, it is reported what changes later; without a candidate the change says it', async (t) => {
  const notesOf = async (clone: MemoryClone) => {
    const outcome = await mirror(toRequest(), { percentage: '30', here: false, at: undefined }, clone.toPorts());
    return outcome.code === 'edited' ? outcome.edit.notes : outcome.code;
  };
  t.deepEqual(await notesOf(toClone()), [], 'the mirror is open');
  const waiting = toClone();
  waiting.put(status, readInput(status).replaceAll('Ready', 'Loading'));
  t.deepEqual(await notesOf(waiting), [{ code: 'later', model: 'wisdom', from: 20, to: 30 }]);
  const without = toClone();
  await discard(toRequest(), without.toPorts());
  t.deepEqual(await notesOf(without), []);
});

test('without a remote, a branch or a repository the next step is the one that is possible', async (t) => {
  const clone = toClone();
  clone.destination = undefined;
  t.like(await brake(toRequest({ commit: true }), clone.toPorts()), { result: { next: { code: 'no-remote' } } });
  await t.throwsAsync<Fault>(set('v3')(toRequest({ commit: true, push: true }), clone.toPorts()), {
    message: /no remote/,
  });
  const detached = toClone();
  detached.branch = undefined;
  const outcome = await brake(toRequest(), detached.toPorts());
  t.like(outcome, { result: { code: 'written', next: { commands: [{ words: ['switch', '--create', 'mirror'] }] } } });
  const plain = toClone();
  t.like(await brake(toRequest(), plain.toPorts(false)), { result: { code: 'written', next: undefined } });
  t.like(await brake(toRequest(), plain.toPorts(false)), { code: 'unchanged', result: { code: 'nothing-to-do' } });
  await t.throwsAsync<Fault>(discard(toRequest({ commit: true }), plain.toPorts(false)), { message: /repository/ });
});

test('a request that cannot be meant is a fault, and changes nothing', async (t) => {
  const clone = toClone();
  const { work } = clone;
  const wish = {
    version: 'v3',
    storageUri: undefined,
    storagePath: undefined,
    service: undefined,
    withoutOverrides: false,
  };
  for (const act of [
    () => brake(toRequest({ push: true }), clone.toPorts()),
    () => mirror(toRequest(), { percentage: '101', here: false, at: undefined }, clone.toPorts()),
    () => mirror(toRequest(), { percentage: '-1', here: false, at: undefined }, clone.toPorts()),
    () => mirror(toRequest(), { percentage: '5', here: false, at: 'elsewhere.yaml' }, clone.toPorts()),
    () => candidateSet(toRequest(), { ...wish, version: undefined }, clone.toPorts()),
    () => candidateSet(toRequest(), { ...wish, storageUri: 's3://a', storagePath: 'a' }, clone.toPorts()),
    () => candidateSet(toRequest(), { ...wish, storagePath: 'a' }, clone.toPorts()),
  ]) {
    const fault = await t.throwsAsync<Fault>(async () => act());
    t.is(fault?.code, 'usage', fault?.message);
  }
  t.is(clone.work, work);
});

test('a link is not replaced, and an unknown model is a problem', async (t) => {
  const clone = toClone();
  clone.links.add(policy);
  t.like(await brake(toRequest(), clone.toPorts()), { code: 'refused', problems: [{ code: 'edit-refused' }] });
  const unknown = await brake(toRequest({ name: 'wisdon' }), clone.toPorts());
  t.like(unknown, { code: 'refused', problems: [{ code: 'unknown-model' }] });
});

const required = '  analysis: {checks: [{errors: {candidateOnly: 0.2%}}]}\n  limits: {requireAnalysis: true}\n';
const analysis = toAnalysisDigest({
  share: 1,
  minSamples: 500,
  confidence: 0.95,
  noise: false,
  checks: [{ code: 'errors.candidateOnly', limit: 0.002 }],
  onFailing: 'Close',
});

/** The status file of the candidate, with a verdict about it. */
function toJudged(verdict: 'Passing' | 'Failing', digestOfAnalysis = analysis, attempt?: number): string {
  const read = parseStatus({ path: status, text: readInput(status) }).value?.status;
  const [candidate] = read?.candidates ?? [];
  const { primary } = read ?? {};
  if (candidate === undefined || primary === undefined) throw new Error('no candidate');
  const [rendered] = renderDigests(toMemoryTree({ [model]: readInput(model) }), { cluster: undefined }).rollouts;
  const name = (version: { readonly name: string; readonly digest?: string | undefined }) => ({
    name: version.name,
    digest: version.digest ?? '',
  });
  const written = {
    verdict,
    by: 'sequence',
    at: '2026-01-01T00:00:00Z',
    rule: 'beta-binomial/1',
    confidence: 0.95,
    steps: 1,
    minSamples: 500,
    subject: {
      primary: { name: primary.name, digest: rendered?.primary.digest ?? '' },
      candidate: name(candidate),
      analysis: digestOfAnalysis,
      step: 0,
      attempt: 0,
    },
    checks: [{ check: 'errors.candidateOnly', limit: 0.002, bad: 0, all: 9000, low: 0, high: 0.00054 }],
  } as const;
  const judged = { ...candidate, ...(attempt === undefined ? {} : { attempt }), verdict: written };
  return toStatusText({ name: 'wisdom', namespace: 'modelmesh-serving', status: { primary, candidates: [judged] } });
}

const unjudged: Readonly<Record<string, string>> = {
  'no verdict': readInput(status),
  Failing: toJudged('Failing'),
  'Passing by another analysis': toJudged('Passing', 'e'.repeat(32)),
  'Passing with counts of which it does not follow': toJudged('Passing').replace('bad: 0', 'bad: 90'),
  'Passing in an earlier attempt': toJudged('Passing', analysis, 1),
};

for (const [title, text] of Object.entries(unjudged))
  test(`where an analysis is required, nothing is promoted without Passing, and there is no force: ${title}`, async (t) => {
    const clone = toClone();
    clone.put(policy, toPolicy(20, required));
    clone.put(status, text);
    clone.commitAll();
    for (const force of [false, true]) {
      const outcome = await promote(toRequest(), force, clone.toPorts());
      t.is(outcome.code, 'refused');
      t.is(outcome.code === 'refused' ? outcome.problems[0]?.code : undefined, 'analysis-required');
    }
    clone.put(policy, toPolicy(20, required.replace('true', 'false')));
    clone.commitAll();
    t.is((await promote(toRequest(), true, clone.toPorts())).code, 'edited', 'unless nobody requires it');
  });

test('where an analysis is required, a candidate that is Passing is promoted', async (t) => {
  const clone = toClone();
  clone.put(policy, toPolicy(20, required));
  clone.put(status, toJudged('Passing'));
  clone.commitAll();
  t.is((await promoteReady(toRequest(), clone.toPorts())).code, 'edited');
});

test('a candidate that is Failing is not promoted unless people insist, also where nothing is required', async (t) => {
  const clone = toClone();
  clone.put(policy, toPolicy(20, required.replace('true', 'false')));
  clone.put(status, toJudged('Failing'));
  clone.commitAll();
  const outcome = await promoteReady(toRequest(), clone.toPorts());
  t.is(outcome.code === 'refused' ? outcome.problems[0]?.code : undefined, 'candidate-not-ready');
  t.is((await promote(toRequest(), true, clone.toPorts())).code, 'edited');
});

test('promote tells for how long the candidate was mirrored, and what was decided about it', async (t) => {
  const clone = new MemoryClone({ [model]: readInput(model), [policy]: toPolicy(20) });
  clone.share({ [status]: readInput(status) });
  clone.share({ [policy]: toPolicy(5) });
  // Commits are a minute apart: the mirror opens by the second one.
  clone.now = 1_700_000_000 + 120 + 3600;
  const outcome = await promoteReady(toRequest(), clone.toPorts());
  const mirrored = { seconds: 3600, lastPercentage: 5, isWhole: true };
  t.like(outcome.code === 'edited' ? outcome.edit.notes[0] : undefined, {
    ...{ code: 'tried', version: 'v2', mirrored, verdict: undefined, isCompared: false },
  });
  clone.now += 60;
  // It is committed later, and counts until then.
  const committed = await promoteReady(toRequest({ commit: true }), clone.toPorts());
  t.like(committed.code === 'edited' ? committed.edit.notes[0] : undefined, { mirrored: { seconds: 3660 } });
  const judged = new MemoryClone({
    ...{ [model]: readInput(model), [status]: toJudged('Passing') },
    [policy]: toPolicy(20, required),
  });
  const passing = await promoteReady(toRequest(), judged.toPorts());
  t.like(passing.code === 'edited' ? passing.edit.notes[0] : undefined, {
    ...{ code: 'tried', verdict: { verdict: 'Passing' }, isCompared: true },
  });
  const alone = await promoteReady(toRequest(), toClone().toPorts(false));
  t.like(alone.code === 'edited' ? alone.edit.notes[0] : undefined, { code: 'tried', mirrored: undefined });
});

test('promote refuses a candidate that was mirrored too briefly, and no force helps', async (t) => {
  const limit = '  limits: {minMirrorTime: 2h}\n';
  const clone = new MemoryClone({ [model]: readInput(model), [policy]: toPolicy(20, limit) });
  clone.share({ [status]: readInput(status) });
  const opened = 1_700_000_000 + 120;
  clone.now = opened + 7199;
  for (const isForced of [false, true]) {
    const outcome = await promote(toRequest({ commit: true }), isForced, clone.toPorts());
    t.like(outcome, { code: 'refused', problems: [{ code: 'mirrored-too-briefly', field: 'spec.candidate' }] });
  }
  t.is(clone.commits.length, 0);
  // Outside of a repository, or where the clone cannot be read, nobody knows.
  t.like(await promote(toRequest(), true, clone.toPorts(false)), { problems: [{ code: 'mirrored-too-briefly' }] });
  clone.now = opened + 7200;
  t.is((await promoteReady(toRequest({ commit: true }), clone.toPorts())).code, 'edited');
});

test('where the watcher has closed the mirror meanwhile, a promotion that needed the time is not pushed', async (t) => {
  const clone = new MemoryClone({
    [model]: readInput(model),
    [policy]: toPolicy(20, '  limits: {minMirrorTime: 2m}\n'),
  });
  clone.share({ [status]: readInput(status) });
  clone.share({ [policy]: toPolicy(10, '  limits: {minMirrorTime: 2m}\n') });
  // Commits are a minute apart.
  clone.now = 1_700_000_000 + 120 + 120;
  const { openClone, ...ports } = clone.toPorts();
  const objections: unknown[] = [];
  const opened = openClone('');
  if (opened === undefined) throw new Error('it is a repository');
  const outcome = await promote(toRequest({ commit: true, push: true }), false, {
    ...ports,
    openClone: () => ({
      ...opened,
      push: async (destination, branch, findObjection) => {
        const before = await clone.past.names.resolve('main');
        objections.push(await findObjection(before));
        // In what the watcher has pushed, the candidate was Loading for a while.
        const closed = readInput(status).replace(/(version: v2.*)state: Ready/, '$1state: Loading');
        const [, , , parent] = await clone.past.listSteps(before);
        const files = { [model]: readInput(model), [policy]: clone.head[policy] ?? '' };
        clone.past.commit('theirs', 'closed', { ...files, [status]: closed }, { parents: [parent?.id ?? ''] });
        clone.past.commit('theirs', 'open', { ...files, [status]: readInput(status) });
        objections.push(await findObjection(clone.past.commit('theirs', 'promote', clone.head)));
        return opened.push(destination, branch, findObjection);
      },
    }),
  });
  t.is(outcome.code, 'edited');
  t.is(objections[0], undefined);
  t.regex(String(objections[1]), /2m/);
});
