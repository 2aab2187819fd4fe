import test from 'ava';
import type { Analysis } from '../../../src/core/analysis/analysis.ts';
import { parsePolicy } from '../../../src/core/input/parse-document.ts';
import { toAnalysis, toSubject } from '../../../src/core/rollout/analysis-choice.ts';
import { computeEffectivePolicy, type PolicyFile } from '../../../src/core/rollout/effective-policy.ts';

const toPolicy = (path: string, spec: string): PolicyFile => {
  const text = `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec: ${spec}\n`;
  const source = { path, text };
  const { value, problems } = parsePolicy(source);
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return { source, policy: value };
};
const effective = (...specs: readonly string[]) =>
  computeEffectivePolicy(specs.map((spec, i) => [toPolicy(`${'x/'.repeat(i)}policy.yaml`, spec)]));
const analysisOf = (checks: string) => effective(`{analysis: {checks: [${checks}]}}`).policy.analysis;

const errors = '{errors: {candidateOnly: 0.2%}}';

test('each check is a proportion with a limit between 0 and 1', (t) => {
  const agreement = { withinNoise: false, outputs: [], ignore: [] };
  const cases = [
    [errors, { code: 'errors.candidateOnly', limit: 0.002 }],
    ['{errors: {rate: 1.1%}}', { code: 'errors.rate', limit: 0.011 }],
    ['{latency: {over: 1m30s, atMost: 1%}}', { code: 'latency', limit: 0.01, overMs: 90_000 }],
    ['{slower: {than: 1.5, atMost: 5%}}', { code: 'slower', limit: 0.05, times: 1.5 }],
    ['{agreement: {atLeast: 98%}}', { code: 'agreement', limit: 0.02, ...agreement }],
    ['{agreement: {atLeast: 99.9999%}}', { code: 'agreement', limit: 0.000001, ...agreement }],
  ] as const;
  for (const [written, check] of cases) t.deepEqual(analysisOf(written)?.checks, [check], written);
});

test('within its noise, the primary is asked twice, and the limit is a margin', (t) => {
  const { policy } = effective('{analysis: {noise: true, checks: [agreement: {withinNoise: 1%}]}}');
  t.like(policy.analysis, { noise: true, checks: [{ limit: 0.01, withinNoise: true }] });
});

test('the defaults are those of docs/reference.md', (t) => {
  t.deepEqual(analysisOf(errors), {
    share: 1,
    minSamples: 500,
    confidence: 0.95,
    noise: false,
    checks: [{ code: 'errors.candidateOnly', limit: 0.002 }],
    onFailing: 'Close',
  });
  const { policy } = effective(`{analysis: {checks: [${errors}]}}`);
  t.deepEqual(policy.comparer, { service: 'model-mirror-comparer.model-mirror.svc.cluster.local', port: 80 });
  t.is(effective().policy.analysis, undefined);
  t.is(effective().policy.comparer, undefined);
});

test('a nearer analysis replaces all of the outer one, but not where the comparer is', (t) => {
  const outer = `{analysis: {share: 5, minSamples: 9, noise: true, onFailing: Keep, checks: [${errors}], comparer: {service: comparer.tools, port: 81}}}`;
  const { policy } = effective(outer, '{analysis: {checks: [errors: {rate: 3%}], comparer: {port: 82}}}');
  t.deepEqual(policy.analysis, toAnalysis({ checks: [{ errors: { rate: '3%' } }] }));
  t.deepEqual(policy.comparer, { service: 'comparer.tools', port: 82 });
  const inherited = effective(outer, '{analysis: {comparer: {port: 82}}}').policy;
  t.is(inherited.analysis?.share, 5, 'an address alone decides nothing');
  t.is(inherited.comparer?.port, 82);
});

test('a share of 0 switches an analysis off', (t) => {
  const { policy, problems } = effective(`{analysis: {checks: [${errors}]}}`, '{analysis: {share: 0}}');
  t.is(policy.analysis, undefined);
  t.deepEqual(problems, []);
});

test('a ramp that nothing advances is a warning where the share is 0, and an error without an analysis', (t) => {
  const found = (...specs: readonly string[]) =>
    effective(...specs).problems.map(({ code, severity, file, field }) => [
      code,
      severity,
      String(file),
      String(field),
    ]);
  const ramp = '{ramp: {steps: [1, 5]}}';
  t.deepEqual(found(ramp, `{analysis: {checks: [${errors}]}}`), []);
  t.deepEqual(found(ramp), [['analysis-required', 'error', 'policy.yaml', 'spec.ramp']]);
  t.deepEqual(found(`{analysis: {checks: [${errors}]}}`, ramp, '{analysis: {share: 0}}'), [
    ['analysis-required', 'warning', 'x/x/policy.yaml', 'spec.analysis.share'],
  ]);
  t.is(effective(ramp, '{analysis: {share: 0}}').policy.ramp?.steps[0], 1, 'and the first step still holds');
});

test('the digest covers the ramp, however its hold is written', (t) => {
  const version = { version: { name: 'wisdom-0' }, digest: 'd2-aa' };
  const of = (ramp: string) => {
    const { analysis } = effective(`{analysis: {checks: [${errors}]}${ramp}}`).policy;
    return analysis && toSubject(analysis, version, version, 0).analysis;
  };
  const own = of(', ramp: {steps: [1, 5]}');
  t.is(of(', ramp: {steps: [1, 5], hold: 30m}'), own);
  t.is(of(', ramp: {steps: [1, 5], hold: 0.5h}'), own);
  for (const other of ['', ', ramp: {steps: [1, 6]}', ', ramp: {steps: [1]}', ', ramp: {steps: [1, 5], hold: 31m}'])
    t.not(of(other), own, other);
});

test('a hold is at most 30 days, which is no matter of precision', (t) => {
  const toCodes = (hold: string) => {
    const text = `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec: {ramp: {steps: [1], hold: ${hold}}}\n`;
    return parsePolicy({ path: 'policy.yaml', text }).problems.map(({ code }) => code);
  };
  t.deepEqual(toCodes('720h'), []);
  t.deepEqual(toCodes('720h0m1s'), toCodes('721h'));
  t.deepEqual(toCodes('721h'), ['out-of-range']);
  t.deepEqual(toCodes('0.1ms'), ['too-precise']);
});

test('a share above what is mirrored is a warning, and the brake is not', (t) => {
  const found = (percentage: number) =>
    effective(`{analysis: {share: 10, checks: [${errors}]}}`, `{mirrorPercentage: ${percentage}}`).problems.map(
      ({ code, severity, file, field }) => [code, severity, String(file), String(field)],
    );
  t.deepEqual(found(5), [['over-limit', 'warning', 'policy.yaml', 'spec.analysis.share']]);
  t.deepEqual(found(10), []);
  t.deepEqual(found(0), []);
});

test('no folder below can take back that an analysis is required', (t) => {
  const { policy } = effective('{limits: {requireAnalysis: true}}', '{limits: {requireAnalysis: false}}');
  t.deepEqual(
    policy.requireAnalysis.map(({ source }) => source.path),
    ['policy.yaml'],
  );
});

test('the longest of all limits of the time holds, wherever it is', (t) => {
  const find = (...specs: readonly [string, ...string[]]) => effective(...specs).policy.minMirrorTime;
  t.like(find('{limits: {minMirrorTime: 24h}}', '{limits: {minMirrorTime: 90m}}'), {
    ...{ written: '24h', milliseconds: 86_400_000, origin: { source: { path: 'policy.yaml' } } },
  });
  t.like(find('{limits: {minMirrorTime: 24h}}', '{limits: {minMirrorTime: 48h}}'), { written: '48h' });
  t.is(find('{}'), undefined);
});

test('the digest of an analysis covers what a verdict depends on, and nothing else', (t) => {
  const version = { version: { name: 'wisdom-0' }, digest: 'd2-aa' };
  const digest = (analysis: Analysis | undefined) => analysis && toSubject(analysis, version, version, 0).analysis;
  const base = '{checks: [{errors: {rate: 1%}}, {agreement: {atLeast: 98%, outputs: [{name: a, abs: 1}]}}]';
  const of = (rest: string) => digest(effective(`{analysis: ${rest}}}`).policy.analysis);
  const own = of(base);
  t.regex(own ?? '', /^[0-9a-f]{32}$/);
  for (const rest of ['share: 3', 'onFailing: Keep', 'comparer: {port: 81}']) t.is(of(`${base}, ${rest}`), own, rest);
  t.is(of(base.replace('1%', '1.0%').replace('abs: 1', 'abs: 1.0, top1: false')), own, 'written in another way');
  for (const [from, to] of [
    ['1%', '2%'],
    ['98%', '97%'],
    ['name: a', 'name: b'],
    ['abs: 1', 'abs: 2'],
    ['rate', 'candidateOnly'],
  ] as const)
    t.not(of(base.replace(from, to)), own, to);
  t.not(of(`${base}, noise: true`), own);
});
