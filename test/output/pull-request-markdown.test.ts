import test from 'ava';
import fc from 'fast-check';
import { marked } from 'marked';
import type { Change } from '../../src/core/change/change.ts';
import type { ChangedModel } from '../../src/core/change/changed-models.ts';
import type { ChangedObject } from '../../src/core/change/manifest-change.ts';
import type { PullRequest } from '../../src/core/change/pull-request.ts';
import type { Risk, RiskFinding } from '../../src/core/change/risk.ts';
import type { Problem } from '../../src/core/diagnostics/problem.ts';
import type { SafeText } from '../../src/core/diagnostics/safe-text.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import {
  isWithoutChanges,
  marker,
  maxCharacters,
  toBrokenMarkdown,
  toPullRequestMarkdown,
} from '../../src/output/pull-request-markdown.ts';
import { toPullRequestText } from '../../src/output/pull-request-text.ts';
import { anyCharacter } from '../any-character.ts';
import { times } from '../thorough.ts';

const runs = Number(process.env['MODEL_MIRROR_EDIT_RUNS'] ?? times(150, 12));

/** What an attacker may write to add a link, a mention or HTML. */
const hostile = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '</details>',
    '```\n</details>',
    '````',
    '[click](https://evil.example)',
    '![x](https://evil.example/x.png)',
    'https://evil.example',
    'www.evil.example',
    '@everyone',
    '#1',
    'a|b',
    '`',
    '``',
    '\n\n# heading\n',
    '<!-- model-mirror diff -->',
    '**x**',
    'deadbeefdeadbeef',
    '1234567',
    'GH-26',
    "'><img src=x onerror=alert(1)>",
  ),
);
const names = fc.oneof(fc.constantFrom('wisdom', 'memory'), hostile);

const role = fc.constantFrom('primary' as const, 'candidate' as const);
const version = fc.record({ version: names, name: names, location: fc.option(hostile, { nil: undefined }) });
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ code: fc.constant('model-added'), primary: version }),
  fc.record({ code: fc.constantFrom('model-renamed', 'namespace-changed', 'file-moved'), from: names, to: names }),
  fc.record({
    code: fc.constantFrom('primary-promoted', 'primary-changed', 'candidate-changed'),
    from: version,
    to: version,
  }),
  fc.record({ code: fc.constantFrom('candidate-declared', 'candidate-discarded'), candidate: version }),
  fc.record({
    code: fc.constant('storage-moved'),
    role,
    version: names,
    field: fc.constantFrom('storageUri', 'storage'),
    from: hostile,
    to: hostile,
  }),
  fc.record({ code: fc.constant('inference-service-renamed'), role, version: names, from: names, to: names }),
  fc.record({ code: fc.constantFrom('host-added', 'host-removed'), host: names }),
  fc.record({
    code: fc.constantFrom('mirror-closed', 'mirror-stays-closed'),
    candidate: names,
    opensAt: fc.constantFrom(undefined, 20),
    reason: fc.oneof(
      fc.record({ code: fc.constant('not-ready'), state: fc.constant('Failed'), reason: hostile }),
      fc.record({ code: fc.constant('other-candidate'), observed: names }),
    ),
  }),
);
const models: fc.Arbitrary<ChangedModel> = fc.record({
  name: names,
  namespace: names,
  file: names,
  change: fc.constantFrom('added', 'removed', 'changed'),
  changes: fc.array(changes, { minLength: 1, maxLength: 3 }),
});
/** The pages do not rely on who made the texts safe. */
function unchecked(texts: fc.Arbitrary<string>): fc.Arbitrary<SafeText> {
  return texts.map((text) => text as SafeText);
}

const modelName = fc.record({ name: names, namespace: names });
const findings: fc.Arbitrary<RiskFinding> = fc.oneof(
  fc.record({ code: fc.constant('candidate-equals-primary'), candidate: names }),
  fc.record({
    code: fc.constant('first-opening'),
    percentage: fc.nat(100),
    isDefault: fc.boolean(),
    threshold: fc.nat(100),
    sharesPods: fc.boolean(),
  }),
  fc.record({
    code: fc.constant('guardrail-touched'),
    field: fc.constantFrom('limits.storageUriPrefixes', 'gate'),
    from: hostile,
    to: hostile,
    cause: fc.constantFrom('policy-edited', 'model-moved'),
  }),
  fc.record({ code: fc.constant('hosts-changed'), added: fc.array(names), removed: fc.array(names) }),
  fc.record({ code: fc.constant('model-removed'), from: modelName, renamedTo: names }),
  fc.record({ code: fc.constant('namespace-changed'), from: modelName, to: names }),
  fc.record({ code: fc.constant('primary-renamed'), from: names, to: names }),
  fc.record({ code: fc.constant('primary-unproven'), cause: fc.constant('version'), from: names, to: names }),
  fc.record({ code: fc.constant('status-edited') }),
);
const risks: fc.Arbitrary<Risk> = fc
  .tuple(
    findings,
    fc.record({
      file: unchecked(names),
      line: fc.nat(),
      column: fc.nat(),
      model: fc.option(names, { nil: undefined }),
    }),
  )
  .map(([finding, place]) => ({ ...finding, ...place }));
const objects: fc.Arbitrary<ChangedObject> = fc.record({
  kind: fc.constantFrom('VirtualService', 'Gateway'),
  namespace: names,
  name: names,
  change: fc.constantFrom('added', 'removed', 'changed'),
  before: fc.option(hostile, { nil: undefined }),
  after: fc.option(hostile, { nil: undefined }),
});
const problems: fc.Arbitrary<Problem> = fc.record({
  severity: fc.constantFrom('error', 'warning'),
  code: fc.constant('yaml-syntax'),
  file: unchecked(names),
  line: fc.nat(),
  column: fc.nat(),
  field: fc.constant(safe``),
  message: unchecked(hostile),
  hint: unchecked(hostile),
});
const many = <T>(one: fc.Arbitrary<T>) =>
  fc
    .tuple(fc.array(one, { maxLength: 4 }), fc.constantFrom(1, 1, 1, 300))
    .map(([few, times]) => Array(times).fill(few).flat() as T[]);
const reports: fc.Arbitrary<PullRequest> = fc.record({
  models: many(models),
  risks: many(risks),
  objects: many(objects),
  problemsBefore: many(problems),
});

function check(
  t: {
    readonly true: (value: boolean, message?: string) => boolean;
    readonly deepEqual: (a: unknown, b: unknown) => boolean;
  },
  text: string,
): void {
  t.true(text.startsWith(`${marker}\n`));
  t.true(text.length <= maxCharacters, `${text.length} characters`);
  const html = marked.parse(text, { async: false, gfm: true });
  const withoutCode = html.replace(/<code[^>]*>[\s\S]*?<\/code>/g, '');
  const tags = [...withoutCode.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, tag]) => tag);
  const known = ['details', 'summary', 'sub', 'h3', 'p', 'ul', 'li', 'strong', 'em', 'blockquote', 'pre', 'br'];
  t.deepEqual(
    tags.filter((tag) => !known.includes(tag ?? '')),
    [],
  );
  t.true(!/@everyone|(^|\s)(#1|GH-26|1234567)\b/.test(withoutCode.replace(/&#\d+;/g, '')), withoutCode);
  const count = (pattern: RegExp) => withoutCode.match(pattern)?.length ?? 0;
  t.true(count(/<details>/g) === count(/<\/details>/g) && count(/<details>/g) <= 1);
  t.true(count(/<!--/g) === (isWithoutChanges(text) ? 2 : 1));
}

test('a comment fits, keeps its marker, and shows nothing but text from the files', (t) => {
  fc.assert(
    fc.property(reports, hostile, (report, name) => {
      check(t, toPullRequestMarkdown(report, { base: name, head: 'feature' }));
    }),
    { numRuns: runs },
  );
});

test('so does a comment about files that cannot be rendered', (t) => {
  fc.assert(
    fc.property(many(problems), hostile, (found, name) => {
      check(t, toBrokenMarkdown(found, { base: 'main', head: name }));
    }),
    { numRuns: runs },
  );
});

test('what is left out of a comment is counted', (t) => {
  const object = (i: number): ChangedObject => ({
    kind: 'VirtualService',
    namespace: 'models',
    name: `m${i}`,
    change: 'added',
    before: undefined,
    after: 'line\n'.repeat(200),
  });
  const model = (i: number): ChangedModel => ({
    name: `m${i}`,
    namespace: 'models',
    file: `m${i}/model.yaml`,
    change: 'added',
    changes: [{ code: 'model-added', primary: { version: `v${i}`, name: `m${i}-0`, location: undefined } }],
  });
  const all = { length: 1000 };
  const report: PullRequest = {
    models: Array.from(all, (_, i) => model(i)),
    risks: [],
    objects: Array.from(all, (_, i) => object(i)),
    problemsBefore: [],
  };
  const text = toPullRequestMarkdown(report, { base: 'main', head: 'feature' });
  const shownModels = text.match(/^- \*\*m/gm)?.length ?? 0;
  const shownObjects = text.match(/^\+\+\+ /gm)?.length ?? 0;
  t.true(shownModels > 200 && shownObjects > 30);
  t.true(text.includes(`- … and ${1000 - shownModels} more\n`));
  t.true(text.includes(`and ${1000 - shownObjects} more: run model-mirror diff`));
  t.true(text.length > maxCharacters - 3000);
});

test('an object that is too long does not hide those after it', (t) => {
  const object = (name: string, after: string): ChangedObject => ({
    kind: 'VirtualService',
    namespace: 'models',
    name,
    change: 'added',
    before: undefined,
    after,
  });
  const report: PullRequest = {
    models: [],
    risks: [],
    objects: [object('long', 'line\n'.repeat(maxCharacters)), object('short', 'line\n')],
    problemsBefore: [],
  };
  const text = toPullRequestMarkdown(report, { base: 'main', head: 'feature' });
  t.true(text.includes('+++ VirtualService models/short\n'));
  t.true(text.includes('and 1 more: run model-mirror diff'));
});

test('models with the same changes share a line', (t) => {
  const model = (name: string): ChangedModel => ({
    name,
    namespace: 'models',
    file: `${name}/model.yaml`,
    change: 'changed',
    changes: [{ code: 'percentage-changed', from: 20, to: 0, hasCandidate: true, inSteps: false }],
  });
  const report = (count: number): PullRequest => ({
    models: Array.from({ length: count }, (_, i) => model(`m${i}`)),
    risks: [],
    objects: [],
    problemsBefore: [],
  });
  const lineOf = (count: number) => toPullRequestText(report(count), { base: 'a', head: 'b' }).split('\n')[2];
  t.is(lineOf(1), 'm0: mirror 20 % → 0 %');
  t.is(lineOf(4), 'm0, m1, m2, m3: mirror 20 % → 0 %');
  t.is(lineOf(5), 'm0, m1, m2 and 2 more: mirror 20 % → 0 %');
});
