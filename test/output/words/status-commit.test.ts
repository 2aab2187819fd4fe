import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import type { ModelStatus, VersionStatus } from '../../../src/core/input/schema.ts';
import { findStatusChanges } from '../../../src/core/observe/status-change.ts';
import type { ModelChanges } from '../../../src/output/words/status-commit.ts';
import { toCommitMessage } from '../../../src/output/words/status-commit.ts';

const plain = { suffix: undefined, signOff: undefined };
const primary: VersionStatus = { name: 'wisdom-0', version: 'v1', digest: 'a', state: 'Ready' };
const candidate = (state: VersionStatus['state'], more: Partial<VersionStatus> = {}): VersionStatus => ({
  name: 'wisdom-1',
  version: 'v2',
  digest: 'b',
  state,
  ...more,
});
type Status = ModelStatus['status'] | undefined;
const change = (before: Status, after: Status, name = 'wisdom'): ModelChanges => ({
  name,
  namespace: 'models',
  changes: findStatusChanges(before, after),
});
const subjectOf = (before: Status, after: Status) => toCommitMessage([change(before, after)], plain).split('\n')[0];

for (const [subject, before, after] of [
  [
    'candidate v2 is Ready; its mirror may open',
    { primary, candidates: [candidate('Loading')] },
    { primary, candidates: [candidate('Ready')] },
  ],
  [
    'candidate v2 failed; its mirror closes',
    { primary, candidates: [candidate('Ready')] },
    { primary, candidates: [candidate('Failed', { reason: 'ModelLoadFailed' })] },
  ],
  ['candidate v2 failed', { candidates: [candidate('Loading')] }, { candidates: [candidate('Failed')] }],
  [
    'candidate v2 is missing; its mirror closes',
    { candidates: [candidate('Ready')] },
    { candidates: [candidate('Missing')] },
  ],
  ['candidate v2 is gone', { primary, candidates: [candidate('Ready')] }, { primary, candidates: [] }],
  ['primary v1 is Ready', undefined, { primary, candidates: [] }],
  [
    '20 % is mirrored to wisdom-1',
    { candidates: [candidate('Ready')] },
    { candidates: [{ ...candidate('Ready'), mirror: { percentage: 20 } }] },
  ],
  [
    'the mirror is closed',
    { candidates: [{ ...candidate('Ready'), mirror: { percentage: 20 } }] },
    { candidates: [candidate('Ready')] },
  ],
  ['removed from git, and its status file with it', { primary, candidates: [] }, undefined],
  ['the file has a new form', { primary, candidates: [] }, { primary, candidates: [] }],
] as const)
  test(`subject: ${subject}`, (t) => {
    t.is(subjectOf(before, after), `status(wisdom): ${subject}`);
  });

test('the most important change is the subject, and each model has a line', (t) => {
  const loading = change(undefined, { candidates: [candidate('Loading')] }, 'alpha');
  const failed = change(
    { candidates: [candidate('Loading')] },
    { candidates: [candidate('Failed', { reason: 'ModelLoadFailed', message: 'no such file' })] },
    'omega',
  );
  const text = safe`status(omega): candidate v2 failed (+1 model) [skip ci]

models/alpha: candidate v2 Loading
models/omega: candidate v2 Loading → Failed (ModelLoadFailed: no such file)

Signed-off-by: Ada <ada@example.com>
`;
  const options = { suffix: '[skip ci]', signOff: 'Ada <ada@example.com>' };
  t.is(toCommitMessage([loading, failed], options), text);
  t.is(toCommitMessage([failed, loading], options), text);
});

test('a commit of many models does not list them all', (t) => {
  const changes = Array.from({ length: 1500 }, (_, i) => change(undefined, { primary, candidates: [] }, `m${i}`));
  const lines = toCommitMessage(changes, plain).trimEnd().split('\n');
  t.is(lines.length, 2 + 1000 + 1);
  t.is(lines[0], 'status(m0): primary v1 is Ready (+1499 models)');
  t.is(lines.at(-1), 'and 500 more');
});

test('nothing from the cluster skips a pipeline, closes an issue, mentions a person or signs for one', (t) => {
  const said = [
    'no\r\nsuch file [skip ci] [ci skip] [no ci] [skip actions] ***NO_CI***',
    'skip-checks: true',
    'fixes #12, Closes https://git.example.com/a/b/issues/3 and resolves other/repo#4, fix ABC-12, closes: !5',
    'thanks @someone and @some-org/team',
    'Co-authored-by: Eve <eve@example.com>',
    'Signed-off-by : Eve <eve@example.com>\u2028::error::x\u001b[2J',
  ].join('\n\n');
  for (const text of [
    toCommitMessage([change(undefined, { candidates: [candidate('Failed', { reason: said, message: said })] })], plain),
    toCommitMessage([change(undefined, { candidates: [candidate('Failed', { version: said })] })], plain),
    toCommitMessage(
      [change(undefined, { candidates: [candidate('Failed', { name: said, version: undefined })] })],
      plain,
    ),
    // A status file without a model: nobody has checked its names.
    toCommitMessage([change({ primary, candidates: [] }, undefined, said)], plain),
    toCommitMessage([{ ...change({ primary, candidates: [] }, undefined), namespace: said }], plain),
    toCommitMessage(
      [change(undefined, { candidates: [{ name: said, state: 'Missing', mirror: { percentage: 1 } }] })],
      plain,
    ),
  ]) {
    t.regex(text, /^status\(.+\): \S[^\n]*\n\n\S[^\n]*\n$/u, 'a subject and one line');
    t.notRegex(text, /[[\]@#\p{Cf}]|\*{3}|[^\n\P{Cc}]/u);
    t.notRegex(text, /-by ?:|skip-checks ?:|(?:clos|resolv|fix)\w*:? (?:http|!|[A-Z]+-\d)/i);
  }
});

test('a commit of the page alone', (t) => {
  t.is(toCommitMessage([], plain), safe`status: update the page\n`);
});
