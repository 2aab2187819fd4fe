/** Which status files are read, of either form. */
import test from 'ava';
import { parseStatus } from '../../../src/core/input/parse-document.ts';

const ready = '{name: wisdom-1, digest: d2-1a, state: Ready}';
const failed = '{name: wisdom-1, digest: d2-1a, state: Failed}';

const parse = (status: string) =>
  parseStatus({
    path: 'status.yaml',
    text: `apiVersion: model-mirror.dev/v1alpha1\nkind: ModelStatus\nmetadata: {name: wisdom, namespace: models}\nstatus:\n${status}`,
  });

test('each form gives the same list', (t) => {
  const candidates = [{ name: 'wisdom-1', digest: 'd2-1a', state: 'Ready', mirror: { percentage: 5 } }];
  for (const status of [
    '  candidates: [{name: wisdom-1, digest: d2-1a, state: Ready, mirror: {percentage: 5}}]\n',
    `  candidate: ${ready}\n  mirror: {to: wisdom-1, percentage: 5}\n`,
    `  candidates:\n  candidate: ${ready}\n  mirror: {to: wisdom-1, percentage: 5}\n`,
  ])
    t.deepEqual(parse(status).value?.status as unknown, { candidates }, status);
});

test('what 0.1.0 mirrored to something else is an entry of its own, which is not Ready', (t) => {
  const { value } = parse(`  candidate: ${ready}\n  mirror: {to: wisdom-2, percentage: 5}\n`);
  t.deepEqual(
    value?.status.candidates.map(({ name, state, mirror }) => [name, state, mirror?.percentage]),
    [
      ['wisdom-1', 'Ready', undefined],
      ['wisdom-2', 'Missing', 5],
    ],
  );
});

for (const [title, line, status] of [
  ['Ready before Failed', 7, `  candidates:\n    - ${ready}\n    - ${failed}\n`],
  ['Failed before Ready', 8, `  candidates:\n    - ${failed}\n    - {name: wisdom-2, state: Ready}\n    - ${ready}\n`],
  ['in both forms', 6, `  candidates: [${ready}]\n  candidate: ${failed}\n`],
  ['in a list that is empty', 6, `  candidates: []\n  candidate: ${ready}\n`],
  ['with a mirror in both forms', 6, `  candidates: [${ready}]\n  mirror: {to: wisdom-2, percentage: 5}\n`],
] as const)
  test(`a status file that reports a candidate twice is not believed: ${title}`, (t) => {
    const { value, problems } = parse(status);
    t.is(value, undefined);
    t.deepEqual(
      problems.map((problem) => [problem.code, problem.line]),
      [['duplicate-key', line]],
    );
  });
