/** Whole ramps: git, the plugin, the cluster and two watchers. */
import test from 'ava';
import fc from 'fast-check';
import { verify } from '../../src/core/analysis/verify.ts';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { decide } from '../core/rollout/ramp-examples.ts';
import { times } from '../thorough.ts';
import { RampScene, toPolicyText } from './ramp-scene.ts';

/** Without repetitions. */
const toStages = (shares: readonly string[]) => shares.filter((one, i) => one !== shares[i - 1]);

const passings = ({ repository }: RampScene) =>
  repository.messages.flatMap(
    (message) => /(passed step \d of \d|is (?:Passing|Failing|Unknown|judged again))/.exec(message)?.[0] ?? [],
  );

const candidateOf = ({ status }: RampScene) =>
  parseStatus({ path: 'status.yaml', text: status }).value?.status.candidates[0];

test('a good candidate goes up all steps, each held, with one commit for each, by two watchers and one that starts again', async (t) => {
  const scene = new RampScene(toPolicyText('[1, 5, 20]'));
  scene.watch(20_000);
  scene.watch(-20_000);
  await scene.pass(5);
  await scene.replaceWatcher();
  await scene.pass(35);
  await scene.replaceWatcher();
  await scene.pass(20);
  t.deepEqual(toStages(scene.shares).slice(-3), ['1 % at 0', '5 % at 1', '20 % at 2']);
  t.deepEqual(passings(scene), ['passed step 1 of 3', 'passed step 2 of 3', 'is Passing']);
  for (const share of ['1 % at 0', '5 % at 1'])
    t.true(scene.shares.filter((one) => one === share).length >= 10, `${share} is held for ten minutes`);
  const { passed, verdict } = candidateOf(scene) ?? {};
  t.deepEqual([passed?.subject.step, verdict?.subject.step], [1, 2]);
  for (const decided of [passed, verdict]) t.deepEqual(decided && 'checks' in decided && verify(decided), []);
  await scene.end();
});

test('a candidate that begins to fail at the second step is closed, and stays so', async (t) => {
  const scene = new RampScene(toPolicyText('[1, 5, 20]'));
  scene.watch();
  scene.watch();
  await scene.reach('5 % at 1');
  await scene.pass(3);
  scene.failures = 30;
  await scene.pass(2);
  t.is(scene.shares.at(-1), '0 % at no');
  scene.failures = 0;
  await scene.pass(40);
  t.deepEqual(toStages(scene.shares).slice(-3), ['1 % at 0', '5 % at 1', '0 % at no']);
  t.deepEqual(passings(scene), ['passed step 1 of 3', 'is Failing']);
  t.is(candidateOf(scene)?.verdict?.subject.step, 1);
  await scene.end();
});

test('where policies keep it open, a candidate that fails stays at its step', async (t) => {
  const scene = new RampScene(toPolicyText('[1, 5, 20]', ', onFailing: Keep'));
  scene.watch();
  await scene.reach('5 % at 1');
  scene.failures = 30;
  await scene.pass(5);
  scene.failures = 0;
  await scene.pass(40);
  t.is(scene.shares.at(-1), '5 % at 1');
  t.deepEqual(passings(scene), ['passed step 1 of 3', 'is Failing']);
  await scene.end();
});

test('another candidate begins at the first step, whatever the one before had reached', async (t) => {
  const scene = new RampScene(toPolicyText('[1, 5, 20]'));
  scene.watch();
  scene.watch();
  await scene.reach('20 % at 2');
  await scene.pass(2);
  const model = scene.repository.files.get('wisdom/model.yaml') ?? '';
  scene.edit({ 'wisdom/model.yaml': model.replace(/v2/g, 'v3') });
  const before = scene.shares.length;
  await scene.pass(40);
  t.deepEqual(
    toStages(scene.shares.slice(before)).filter((one) => !one.startsWith('0 %')),
    ['1 % at 0', '5 % at 1', '20 % at 2'],
  );
  await scene.end();
});

for (const [title, from, to] of [
  ['another hold', 'hold: 10m', 'hold: 11m'],
  ['another step', '[1, 5, 20]', '[1, 5, 21]'],
  ['another limit', 'rate: 1%', 'rate: 2%'],
] as const)
  test(`the ramp begins again with ${title}`, async (t) => {
    const scene = new RampScene(toPolicyText('[1, 5, 20]'));
    scene.watch();
    await scene.reach('5 % at 1');
    const policy = scene.repository.files.get('wisdom/policy.yaml') ?? '';
    scene.edit({ 'wisdom/policy.yaml': policy.replace(from, to) });
    await scene.pass(3);
    t.is(scene.shares.at(-1), '1 % at 0');
    t.is(candidateOf(scene)?.passed, undefined);
    await scene.end();
  });

test('silence is Unknown and moves no step; the brake and its end keep the step', async (t) => {
  const scene = new RampScene(toPolicyText('[1, 5, 20]'));
  scene.watch();
  await scene.reach('5 % at 1');
  await scene.pass(1);
  scene.isSilent = true;
  await scene.pass(30);
  t.is(scene.shares.at(-1), '5 % at 1');
  t.is(candidateOf(scene)?.verdict?.verdict, 'Unknown');
  const policy = scene.repository.files.get('wisdom/policy.yaml') ?? '';
  scene.edit({
    'wisdom/policy.yaml': policy.replace('spec:', 'spec:\n  mirrorPercentage: 0'),
  });
  await scene.pass(2);
  t.is(scene.shares.at(-1), '0 % at no');
  scene.edit({ 'wisdom/policy.yaml': policy });
  await scene.pass(2);
  t.is(scene.shares.at(-1), '5 % at 1');
  scene.isSilent = false;
  await scene.pass(45);
  t.is(scene.shares.at(-1), '20 % at 2');
  t.false(passings(scene).includes('is Failing'));
  await scene.end();
});

for (const [title, edit] of Object.entries({
  'is removed': () => undefined,
  'loses its Passing': (text: string) => text.replace(/\n +passed: [\s\S]*?\]\}(?=,|\})/, ''),
  'has another number': (text: string) => text.replace(/(passed: [\s\S]*?all: )\d+/, '$11000000'),
}))
  test(`a status file that ${title} opens nothing more than the first step meanwhile`, async (t) => {
    const scene = new RampScene(toPolicyText('[1, 5, 20]'));
    scene.watch();
    await scene.reach('20 % at 2');
    const before = scene.status;
    const text = edit(before);
    t.not(text, before);
    scene.edit({ 'wisdom/status.yaml': text });
    const { candidate } = decide(Object.fromEntries(scene.repository.files));
    t.true(candidate.mirror.percentage <= 1);
    await scene.pass(60);
    t.is(scene.shares.at(-1), '20 % at 2', 'and the ramp comes to its end again');
    await scene.end();
  });

test('whatever happens, no step follows but by a commit that records Passing of the one before', async (t) => {
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('pass') },
    fc.constantFrom('fail', 'recover', 'silence', 'speak', 'brake', 'open', 'replace', 'lose', 'other'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 12 }), async (events) => {
      const scene = new RampScene(toPolicyText('[1, 5, 20]', ', onFailing: Keep'));
      scene.watch();
      const policy = scene.repository.files.get('wisdom/policy.yaml') ?? '';
      const model = scene.repository.files.get('wisdom/model.yaml') ?? '';
      let step = 0;
      /** Commits up to the last time that a route showed its step: while the brake holds, what was counted before it may still be judged. */
      let commits = 0;
      for (const one of events) {
        if (one === 'fail' || one === 'recover') scene.failures = one === 'fail' ? 30 : 0;
        if (one === 'silence' || one === 'speak') scene.isSilent = one === 'silence';
        if (one === 'brake')
          scene.edit({
            'wisdom/policy.yaml': policy.replace('spec:', 'spec:\n  mirrorPercentage: 0'),
          });
        if (one === 'open') scene.edit({ 'wisdom/policy.yaml': policy });
        if (one === 'replace') await scene.replaceWatcher();
        if (one === 'lose') scene.edit({ 'wisdom/status.yaml': undefined });
        if (one === 'other') scene.edit({ 'wisdom/model.yaml': model.replace(/v2/g, 'v3') });
        for (let minutes = one === 'pass' ? 12 : 2; minutes > 0; minutes--) {
          await scene.pass(1);
          const [, now] = /at (\d)/.exec(scene.shares.at(-1) ?? '') ?? [];
          if (now === undefined) continue;
          const next = Number(now);
          const passed = passings(scene).slice(commits);
          t.true(next <= step || (next === step + 1 && passed.includes(`passed step ${next} of 3`)), events.join(' '));
          step = next;
          commits = passings(scene).length;
        }
      }
      await scene.end();
    }),
    { numRuns: times(60, 3) },
  );
});
