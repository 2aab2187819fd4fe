/** Status files before and after a commit → what is posted. */
import test from 'ava';
import type { ModelStatus } from '../../src/core/input/schema.ts';
import { toChangeEvents, toPushesEvent } from '../../src/output/change-event.ts';

type Status = ModelStatus['status'];
type Candidate = Status['candidates'][number];

const options = { cluster: 'west', pages: undefined };
const primary = { name: 'wisdom-0', version: 'v1', digest: 'd1', state: 'Ready' } as const;
const candidate = { name: 'wisdom-1', version: 'v2', digest: 'd2', state: 'Ready' } as const;
const toStatus = (more: Partial<Candidate> = {}): Status => ({ primary, candidates: [{ ...candidate, ...more }] });
const toEvents = (before: Status | undefined, after: Status | undefined) =>
  toChangeEvents('c1', [{ name: 'wisdom', namespace: 'models', before, after }], options);
const toCodes = (before: Status | undefined, after: Status | undefined) =>
  toEvents(before, after).map(({ code }) => code);

const subject = {
  primary: { name: 'wisdom-0', digest: 'd1' },
  candidate: { name: 'wisdom-1', digest: 'd2' },
  analysis: 'ff',
  step: 0,
  attempt: 0,
};
const decided = {
  verdict: 'Passing',
  by: 'sequence',
  at: '2026-11-26T12:00:00Z',
  rule: 'beta-binomial/1',
  confidence: 0.95,
  steps: 2,
  minSamples: 300,
  subject,
  checks: [{ check: 'errors.rate', bad: 0, all: 900, limit: 0.01, low: 0, high: 0.009 }],
} as const;

test('each change that somebody should read of has a code', (t) => {
  const open = { mirror: { percentage: 20 } };
  t.deepEqual(toCodes(undefined, toStatus()), ['candidate-ready', 'primary-ready']);
  t.deepEqual(toCodes(toStatus(), toStatus({ state: 'Failed', reason: 'OOMKilled' })), ['candidate-failed']);
  t.deepEqual(toCodes(toStatus(), toStatus(open)), ['mirror-opened']);
  t.deepEqual(toCodes(toStatus(open), toStatus({ mirror: { percentage: 50 } })), ['mirror-changed']);
  t.deepEqual(toCodes(toStatus(open), toStatus()), ['mirror-closed']);
  t.deepEqual(toCodes(toStatus(), toStatus({ verdict: decided })), ['candidate-passing']);
  t.deepEqual(toCodes(toStatus(), toStatus({ verdict: { ...decided, verdict: 'Failing', by: 'brake' } })), [
    'candidate-failing',
  ]);
  t.deepEqual(toCodes(toStatus(), toStatus({ verdict: { verdict: 'Unknown', reason: 'no-copies', subject } })), [
    'candidate-unknown',
  ]);
  t.deepEqual(toCodes(toStatus(), toStatus({ passed: decided })), ['step-passed']);
});

test('a version that is in the place of another is posted, also if it is in the same state', (t) => {
  const failed = { state: 'Failed', reason: 'ModelLoadFailed' } as const;
  t.deepEqual(toCodes(toStatus(failed), toStatus({ ...failed, version: 'v3' })), ['candidate-failed']);
  t.deepEqual(toCodes(toStatus(failed), toStatus({ ...failed, version: 'v3', name: 'wisdom-2' })), [
    'candidate-failed',
  ]);
  t.deepEqual(toCodes(toStatus(), { primary: { ...primary, version: 'v2', digest: 'd2' }, candidates: [] }), [
    'primary-ready',
  ]);
});

test('what is on the way to something else is not posted', (t) => {
  const failed = { state: 'Failed', reason: 'ModelLoadFailed' } as const;
  t.deepEqual(toCodes(toStatus(), toStatus({ state: 'Loading' })), []);
  t.deepEqual(toCodes(toStatus(failed), toStatus({ ...failed, message: 'again' })), [], 'only the words changed');
  t.deepEqual(toCodes(toStatus(), undefined), []);
  t.deepEqual(toCodes(toStatus(), toStatus()), []);
});

test('the same change in the same commit has the same id, and any other one another', (t) => {
  const [first] = toEvents(toStatus(), toStatus({ state: 'Failed' }));
  const [again] = toEvents(toStatus(), toStatus({ state: 'Failed' }));
  t.is(first?.id, again?.id);
  t.regex(first?.id ?? '', /^[0-9a-f]{32}$/);
  const model = { name: 'wisdom', namespace: 'models', before: toStatus(), after: toStatus({ state: 'Failed' }) };
  const others = [
    toChangeEvents('c2', [model], options),
    toChangeEvents('c1', [{ ...model, name: 'folly' }], options),
    toChangeEvents('c1', [{ ...model, namespace: 'other' }], options),
    toEvents(undefined, toStatus()),
    [toPushesEvent('c1', undefined, options)],
  ].flat();
  t.is(new Set([first, ...others].map((event) => event?.id)).size, others.length + 1);
});

test('an event names its model, versions, commit and cluster, and the reason of a failure', (t) => {
  const [event] = toEvents(
    toStatus(),
    toStatus({ state: 'Failed', reason: 'ModelLoadFailed', message: 'no such file' }),
  );
  t.deepEqual(event, {
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'Change',
    id: event?.id,
    code: 'candidate-failed',
    text: 'models/wisdom: candidate v2 failed; its mirror closes (ModelLoadFailed: no such file)',
    commit: 'c1',
    cluster: 'west',
    namespace: 'models',
    model: 'wisdom',
    primary: 'v1',
    candidate: 'v2',
    link: undefined,
  });
});

test('what the cluster says calls nobody and holds no secret', (t) => {
  const message = '<!channel> <@U123> @here <https://evil.example.com|click> aws_secret_access_key=abcdef0123456789';
  const [event] = toEvents(toStatus(), toStatus({ state: 'Failed', message }));
  t.notRegex(event?.text ?? '', /[<>@]|abcdef0123456789/);
  t.regex(event?.text ?? '', /‹!channel›/);
});
