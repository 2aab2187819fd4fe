import test from 'ava';
import fc from 'fast-check';
import { marked } from 'marked';
import type { ChangedObject } from '../../../src/core/change/manifest-change.ts';
import type { ModelChange, PullRequest } from '../../../src/core/change/pull-request.ts';
import type { Risk } from '../../../src/core/change/risk.ts';
import { riskCodes } from '../../../src/core/change/risk.ts';
import type { Problem } from '../../../src/core/diagnostics/problem.ts';
import type { SafeText } from '../../../src/core/diagnostics/safe-text.ts';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import {
  marker,
  maxCharacters,
  toBrokenMarkdown,
  toPullRequestMarkdown,
} from '../../../src/output/pull-request-markdown.ts';
import { toPullRequestText } from '../../../src/output/pull-request-text.ts';

const runs = Number(process.env['MODEL_MIRROR_EDIT_RUNS'] ?? 150);

/** What somebody may write who wants to be seen, or to be called. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
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

const models: fc.Arbitrary<ModelChange> = fc.record({
  name: names,
  namespace: names,
  file: names,
  change: fc.constantFrom('added', 'removed', 'changed'),
  summary: fc.array(hostile, { minLength: 1, maxLength: 3 }),
});
/** The pages do not rely on who wrote the texts. */
function unchecked(texts: fc.Arbitrary<string>): fc.Arbitrary<SafeText> {
  return texts.map((text) => text as SafeText);
}

const risks: fc.Arbitrary<Risk> = fc.record({
  file: unchecked(names),
  line: fc.nat(),
  column: fc.nat(),
  code: fc.constantFrom(...riskCodes),
  model: fc.option(names, { nil: undefined }),
  message: unchecked(hostile),
  hint: unchecked(hostile),
});
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
  t.true(count(/<!--/g) === 1);
}

test('a comment fits, keeps its marker, and shows nothing that the files could want', (t) => {
  fc.assert(
    fc.property(reports, hostile, (report, name) => {
      check(t, toPullRequestMarkdown(report, { before: name, after: 'feature' }));
    }),
    { numRuns: runs },
  );
});

test('a comment of what cannot be rendered does so too', (t) => {
  fc.assert(
    fc.property(many(problems), hostile, (found, name) => {
      check(t, toBrokenMarkdown(found, { before: 'main', after: name }));
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
  const model = (i: number): ModelChange => ({
    name: `m${i}`,
    namespace: 'models',
    file: `m${i}/model.yaml`,
    change: 'added',
    summary: [`a new model; primary v${i}`],
  });
  const all = { length: 1000 };
  const report: PullRequest = {
    models: Array.from(all, (_, i) => model(i)),
    risks: [],
    objects: Array.from(all, (_, i) => object(i)),
    problemsBefore: [],
  };
  const text = toPullRequestMarkdown(report, { before: 'main', after: 'feature' });
  const shownModels = text.match(/^- \*\*m/gm)?.length ?? 0;
  const shownObjects = text.match(/^\+\+\+ /gm)?.length ?? 0;
  t.true(shownModels > 200 && shownObjects > 30);
  t.true(text.includes(`- … and ${1000 - shownModels} more\n`));
  t.true(text.includes(`and ${1000 - shownObjects} more: run model-mirror diff`));
  t.true(text.length > maxCharacters - 3000);
});

test('an object that is too long hides none of those behind it', (t) => {
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
  const text = toPullRequestMarkdown(report, { before: 'main', after: 'feature' });
  t.true(text.includes('+++ VirtualService models/short\n'));
  t.true(text.includes('and 1 more: run model-mirror diff'));
});

test('models of which the same is to be said share a line', (t) => {
  const model = (name: string, summary: string): ModelChange => ({
    name,
    namespace: 'models',
    file: `${name}/model.yaml`,
    change: 'changed',
    summary: [summary],
  });
  const report = (count: number): PullRequest => ({
    models: Array.from({ length: count }, (_, i) => model(`m${i}`, 'mirror 20 % → 0 %')),
    risks: [],
    objects: [],
    problemsBefore: [],
  });
  const lineOf = (count: number) => toPullRequestText(report(count), { before: 'a', after: 'b' }).split('\n')[2];
  t.is(lineOf(1), 'm0: mirror 20 % → 0 %');
  t.is(lineOf(4), 'm0, m1, m2, m3: mirror 20 % → 0 %');
  t.is(lineOf(5), 'm0, m1, m2 and 2 more: mirror 20 % → 0 %');
});
