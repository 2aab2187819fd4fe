/** Whatever stands in a status file, a mirror gets no more than what was earned. The oracle knows no rule but what any must keep. */
import test from 'ava';
import fc from 'fast-check';
import { toDecided } from '../../../src/core/analysis/decided.ts';
import { computeFigures, toJudgedCheck } from '../../../src/core/analysis/figures.ts';
import { findStep, isPassingBy } from '../../../src/core/analysis/ramp.ts';
import { verify } from '../../../src/core/analysis/verify.ts';
import { parseStatus } from '../../../src/core/input/parse-document.ts';
import { times } from '../../thorough.ts';
import { toModelText } from '../render/memory-tree.ts';
import type { Judged } from './ramp-examples.ts';
import { decide, toJudgedStatus } from './ramp-examples.ts';

const steps = [1, 5, 20] as const;

function toFiles({
  percentage = 100,
  ramp = '[1, 5, 20]',
  version = 'v2',
  limit = 100,
  rate = '1%',
  more = '',
  terms = '',
} = {}) {
  return {
    'wisdom/model.yaml': toModelText('wisdom', 'models').replaceAll('v2', version),
    'wisdom/policy.yaml': `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec:
  mirrorPercentage: ${percentage}
  limits: {maxMirrorPercentage: ${limit}}
  ramp: {steps: ${ramp}}
  analysis: {minSamples: 300${terms}, checks: [{errors: {rate: ${rate}}}${more}]}
`,
  };
}

const files = toFiles();
const { subject } = decide(files).candidate.analysis ?? {};

/** In steps: what a Passing in this text may be worth at most. Necessary for any rule, not sufficient for ours. */
function countEarned(text: string): number {
  const { value } = parseStatus({ path: 'status.yaml', text });
  const candidate = value?.status.candidates.find(({ name }) => name === 'wisdom-1');
  const { passed, attempt = 0 } = candidate ?? {};
  const [check, ...others] = passed?.checks ?? [];
  if (passed === undefined || check === undefined || others.length > 0 || subject === undefined) return 0;
  const { step, ...about } = passed.subject;
  const { step: _, ...expected } = { ...subject, attempt };
  const isAbout = JSON.stringify(sortKeys(about)) === JSON.stringify(sortKeys(expected));
  const isByRules = passed.confidence === 0.95 && passed.steps === 3 && passed.minSamples === 300;
  const isOfCheck = check.check === 'errors.rate' && check.limit === 0.01 && check.noise === undefined;
  // No upper bound that errs in 5 % of cases at most is below this one, even if no call was bad.
  const least = 1 - (0.05 / 3) ** (1 / check.all);
  const isWithin = check.all >= 300 && check.bad / check.all <= 0.01 && check.high <= 0.01 && check.high >= least * 0.9;
  return passed.verdict === 'Passing' && isAbout && isByRules && isOfCheck && isWithin ? step + 1 : 0;
}

function sortKeys(value: object): unknown {
  return Object.entries(value)
    .map(([key, one]): unknown => [key, typeof one === 'object' && one !== null ? sortKeys(one) : one])
    .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
}

const judged: fc.Arbitrary<Judged> = fc.record({
  passedStep: fc.constantFrom(undefined, 0, 1, 2),
  verdict: fc.constantFrom(undefined, 'Passing' as const, 'Failing' as const, 'Unknown' as const),
  step: fc.nat({ max: 2 }),
  changes: fc.constantFrom({}, { attempt: 1 }),
});

type Edit = (text: string) => string;
const at = (part: number, text: string) => Math.floor(part * text.length);
const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.constant<Edit>((text) => text),
  part.map(
    (one): Edit =>
      (text) =>
        text.slice(0, at(one, text)),
  ),
  fc.tuple(part, fc.nat({ max: 40 })).map(
    ([one, length]): Edit =>
      (text) => {
        return text.slice(0, at(one, text)) + text.slice(at(one, text) + length);
      },
  ),
  // Of all numbers one becomes another.
  fc.tuple(part, fc.constantFrom('0', '1', '2', '3', '4', '9', '0.01', '0.02', '1000000')).map(
    ([one, to]): Edit =>
      (text) => {
        const numbers = [...text.matchAll(/(?<=: )\d+(?:\.\d+)?(?=[,}])/g)];
        const found = numbers[Math.floor(one * numbers.length)];
        return found === undefined ? text : text.slice(0, found.index) + to + text.slice(found.index + found[0].length);
      },
  ),
  fc
    .constantFrom(
      ['Passing', 'Failing'],
      ['sequence', 'brake'],
      ['passed:', 'verdict:'],
      ['verdict: {', 'passed: {'],
      ['errors.rate', 'errors.candidateOnly'],
      ['beta-binomial/1', 'beta-binomial/2'],
      ['wisdom-0', 'wisdom-9'],
      ['analysis: ', 'analysis: 0'],
      ['minSamples: 300', 'minSamples: 1'],
      ['digest: d2-', 'digest: d2-0'],
    )
    .map(
      ([from, to]): Edit =>
        (text) =>
          text.replaceAll(from ?? '', to ?? ''),
    ),
);

test('no text of a status file opens more than was earned, or than policies allow', (t) => {
  fc.assert(
    fc.property(
      judged,
      fc.array(edit, { maxLength: 2 }),
      fc.constantFrom({}, { percentage: 3, limit: 20 }, { percentage: 10, limit: 40 }, { percentage: 0.5 }),
      fc.constantFrom({}, { ramp: '[1, 5, 21]' }, { version: 'v3' }, { rate: '2%' }),
      (about, edits, policy, other) => {
        const written = toJudgedStatus(toFiles(other), about);
        const text = edits.reduce((before, one) => one(before), written);
        const { percentage } = decide({ ...toFiles(policy), 'wisdom/status.yaml': text }).candidate.mirror;
        const most = steps[Math.min(countEarned(text), steps.length - 1)] ?? 0;
        t.true(percentage <= Math.min(most, policy.percentage ?? 100, policy.limit ?? 100), text);
      },
    ),
    { numRuns: times(2000, 60) },
  );
  t.pass();
});

for (const [passedStep, share] of [
  [undefined, 1],
  [0, 5],
  [1, 20],
  // There is no step after it.
  [2, 1],
] as const)
  test(`Passing of step ${passedStep ?? 'none'} opens ${share} %`, (t) => {
    const text = toJudgedStatus(files, { passedStep });
    const { mirror, ramp } = decide({ ...files, 'wisdom/status.yaml': text }).candidate;
    t.is(mirror.percentage, share);
    t.is(ramp?.since, share === 1 ? undefined : `2027-01-01T0${passedStep}:00:00Z`);
  });

test('Passing of another subject, by other rules, or that does not follow from its numbers opens the first step', (t) => {
  const text = toJudgedStatus(files, { passedStep: 1 });
  for (const [from, to] of [
    ['step: 1', 'step: 2'],
    ['step: 1', 'step: -1'],
    ['attempt: 0', 'attempt: 1'],
    ['passed: {verdict: Passing', 'passed: {verdict: Failing'],
    ['confidence: 0.95', 'confidence: 0.9'],
    ['minSamples: 300', 'minSamples: 200'],
    ['steps: 3', 'steps: 2'],
    ['steps: 3', 'steps: 4'],
    ['errors.rate', 'errors.candidateOnly'],
    ['limit: 0.01', 'limit: 0.011'],
    ['all: 3000', 'all: 299'],
    ['bad: 0', 'bad: 100'],
    ['high: 0.0021', 'high: 0.002'],
    ['high: 0.0021}', 'high: 0.0021, noise: {bad: 0, all: 3000, low: 0, high: 0.0021}}'],
    ['checks: [', 'checks: [ {check: other, limit: 0.01, bad: 0, all: 3000, low: 0, high: 0.0021},'],
    [/checks: \[[^\]]*\]/.exec(text)?.[0] ?? 'none', 'checks: []'],
    [subject?.analysis ?? 'none', '0'.repeat(32)],
  ] as const) {
    const edited = text.replace(from, to);
    t.not(edited, text, from);
    const { percentage } = decide({ ...files, 'wisdom/status.yaml': edited }).candidate.mirror;
    t.true(percentage <= 1, `${from} → ${to}: ${percentage} %`);
  }
});

const slower = ', {slower: {than: 2, atMost: 5%}}';
for (const [title, strict, lax] of [
  ['with less confidence', {}, { terms: ', confidence: 0.5' }],
  ['of fewer steps', {}, { ramp: '[1, 5]' }],
  ['without one of the checks', { more: slower }, {}],
  ['of one check more', {}, { more: slower }],
  ['of another check', {}, { rate: '2%' }],
] as const)
  test(`a Passing ${title} opens the first step, even if it names the analysis that holds`, (t) => {
    const own = toFiles(strict);
    const written = toJudgedStatus(toFiles(lax), { passedStep: 0 });
    const [of, name] = [toFiles(lax), own].map((all) => decide(all).candidate.analysis?.subject.analysis ?? 'none');
    const forged = written.replace(of ?? '', name ?? '');
    t.not(forged, written);
    t.is(decide({ ...own, 'wisdom/status.yaml': forged }).candidate.mirror.percentage, 1);
  });

test('Failing in the place of a Passing opens the first step', (t) => {
  const written = toJudgedStatus(files, { verdict: 'Failing' });
  const { verdict } = parseStatus({ path: 'status.yaml', text: written }).value?.status.candidates[0] ?? {};
  const { analysis } = decide(files).rollout.rollout.policy;
  if (verdict?.verdict !== 'Failing' || analysis === undefined || subject === undefined) return t.fail();
  const forged = [verdict, { ...verdict, verdict: 'Passing' as const }];
  t.deepEqual(
    forged.map((one) => findStep(one, subject, { ...analysis, steps: 3 })),
    [0, 0],
  );
});

test('a Passing within noise is none of a check without it, nor the other way round, whatever its counts prove', (t) => {
  if (subject === undefined) return t.fail();
  const count = { bad: 60, all: 3000, noiseBad: 60, noiseAll: 3000 };
  const [confidence, minSamples] = [0.95, 300];
  for (const withinNoise of [true, false]) {
    const check = {
      code: 'agreement',
      limit: withinNoise ? 0.02 : 0.05,
      withinNoise,
      outputs: [],
      ignore: [],
    } as const;
    const judged = toJudgedCheck(check);
    const terms = { checks: [check], confidence, minSamples, steps: 3 };
    const pass = (isWithin: boolean) => {
      const figures = computeFigures(
        { ...judged, withinNoise: isWithin },
        isWithin === withinNoise ? count : { ...count, bad: 0 },
        0.05 / 3,
      );
      return toDecided('Passing', 'sequence', 0, { subject, analysis: terms, steps: 3 }, [figures]);
    };
    t.true(isPassingBy(pass(withinNoise), terms));
    t.deepEqual(verify(pass(!withinNoise)), [], 'it follows from its counts');
    t.false(isPassingBy(pass(!withinNoise), terms));
  }
});
