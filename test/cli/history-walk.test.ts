/** Which commits a timeline has, compared with the contents of every commit of a random history. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { git } from '../../src/demo/fakes/git.ts';
import { isThorough } from '../thorough.ts';
import { personal, runInProcess } from './in-process.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-walk-')));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** What a commit holds, by paths; a link begins with an arrow. */
type Files = ReadonlyMap<string, string>;

interface Made {
  readonly files: Files;
  /** Whether it is the merge of a branch. */
  readonly isMerge: boolean;
}

// Some are patterns, or magic, to git.
const folders = ['ml', 'ml/a', 'ml/a/b', ':(top)x', 'q[ab]?', "it's -é", '-x/*'];
const folder = fc.constantFrom(...folders);
const version = fc.constantFrom('v1', 'v2', 'v3');
const percentage = fc.integer({ min: 0, max: 3 });

const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('write' as const), folder, version, candidate: version }), weight: 4 },
  { arbitrary: fc.record({ do: fc.constant('move' as const), folder }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('remove' as const) }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant('rule' as const),
      at: fc.option(fc.constantFrom('', ...folders)),
      percentage,
    }),
    weight: 8,
  },
  { arbitrary: fc.record({ do: fc.constant('unrule' as const), folder }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('observe' as const), percentage }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('beside' as const), folder, version }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('link' as const) }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('behind' as const), version }), weight: 2 },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function toModel(name: string, primary: string, candidate: string): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: models}
spec:
  template: {metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}, spec: {predictor: {model: {modelFormat: {name: sklearn}}}}}
  primary: {version: ${primary}, storageUri: "s3://models/${primary}"}
  candidate: {version: ${candidate}x, storageUri: "s3://models/${candidate}x"}
`;
}

const toPolicy = (share: number) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: p}\nspec: {mirrorPercentage: ${share}}\n`;

const isOwn = (path: string) => /(^|\/)model\.yaml$/.test(path);
const text = 'texts/wisdom';

function toLink(path: string): string {
  return `→${'../'.repeat(path.split('/').length - 1)}${text}`;
}

function apply(files: Files, one: Step): Files {
  const next = new Map(files);
  const [path, content] = [...files].find(([name]) => isOwn(name)) ?? [undefined, ''];
  switch (one.do) {
    case 'write':
      return next.set(path ?? `${one.folder}/model.yaml`, toModel('wisdom', one.version, one.candidate));
    case 'move': {
      if (path === undefined) return next;
      next.delete(path);
      const to = `${one.folder}/model.yaml`;
      return next.set(to, content.startsWith('→') ? toLink(to) : content);
    }
    case 'remove':
      if (path !== undefined) next.delete(path);
      return next;
    case 'rule':
      return next.set(join(one.at ?? join(path ?? '.', '..'), 'policy.yaml'), toPolicy(one.percentage));
    case 'unrule':
      next.delete(`${one.folder}/policy.yaml`);
      return next;
    case 'observe':
      return path === undefined ? next : next.set(join(path, '../status.yaml'), `# ${one.percentage}\n`);
    case 'beside':
      return next.set(`${one.folder}/x.model.yaml`, toModel(`x${folders.indexOf(one.folder)}`, one.version, 'v'));
    case 'link':
      return path === undefined ? next : next.set(path, toLink(path));
    case 'behind':
      return next.set(text, toModel('wisdom', one.version, 'v'));
  }
}

/** What people see of the model in one commit: where it is, what it says, and by the nearest policy how much. */
function toSeen(files: Files): { readonly path: string; readonly all: string } | undefined {
  const [path, content = ''] = [...files].find(([name]) => isOwn(name)) ?? [];
  if (path === undefined) return undefined;
  const parts = path.split('/').slice(0, -1);
  const chain = parts.map((_, i) => parts.slice(0, parts.length - i).join('/'));
  const nearest = [...chain, ''].map((at) => files.get(join(at, 'policy.yaml'))).find((policy) => policy !== undefined);
  const written = content.startsWith('→') ? files.get(text) : content;
  return { path, all: [path, written, nearest ?? toPolicy(100)].join('\n') };
}

/** The commits by which it became what it is. One that was removed and came back elsewhere is another one. */
function findChanges(commits: readonly Made[]): number[] {
  const seen = commits.map(({ files }) => toSeen(files));
  let path = seen.findLast((one) => one !== undefined)?.path;
  const own: (string | undefined)[] = [];
  let isThere = true;
  for (const one of seen.toReversed()) {
    const isSame: boolean = one !== undefined && (isThere || one.path === path);
    if (isSame) path = one?.path;
    // Until it is first met, nothing was there of which it could be the rest.
    isThere = isSame || (own.every((known) => known === undefined) && isThere);
    own.unshift(isSame ? one?.all : undefined);
  }
  return own.flatMap((all, i) => (all === own[i - 1] ? [] : [i]));
}

function toStream(commits: readonly Made[]): string {
  const data = (content: string) => `data ${Buffer.byteLength(content)}\n${content}\n`;
  let mark = 0;
  let tip = 0;
  const parts: string[] = [];
  const put = ({ files }: Made, branch: string, parents: readonly number[]) => {
    mark++;
    const who = `Ada <ada@example.com> ${1_700_000_000 + mark} +0000`;
    parts.push(`commit refs/heads/${branch}\nmark :${mark}\nauthor ${who}\ncommitter ${who}\n${data('one')}`);
    for (const [i, parent] of parents.entries()) parts.push(`${i === 0 ? 'from' : 'merge'} :${parent}\n`);
    parts.push('deleteall\n');
    for (const [path, content] of files) {
      const isLink = content.startsWith('→');
      parts.push(`M ${isLink ? 120000 : 100644} inline ${path}\n${data(isLink ? content.slice(1) : content)}`);
    }
    return mark;
  };
  for (const commit of commits) {
    const side = commit.isMerge ? [put(commit, `side-${mark}`, tip === 0 ? [] : [tip])] : [];
    tip = put(commit, 'main', [...(tip === 0 ? [] : [tip]), ...side]);
  }
  return parts.join('');
}

test('a timeline has the commits that changed the model, and no others', async (t) => {
  let count = 0;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ step, isMerge: fc.boolean(), isUndone: fc.nat({ max: 9 }) }), {
        minLength: 12,
        maxLength: 30,
      }),
      async (steps) => {
        const commits: Made[] = [{ files: new Map([[text, toModel('wisdom', 'v0', 'v')]]), isMerge: false }];
        for (const { step: one, isMerge, isUndone } of steps) {
          const { files } = commits.at(-1) as Made;
          // A merge may keep nothing of the branch.
          commits.push({ files: isMerge && isUndone === 0 ? files : apply(files, one), isMerge });
        }
        const clone = join(root, `${count++}`);
        mkdirSync(clone);
        await git(clone, ['init', '--quiet', '--initial-branch', 'main']);
        await git(clone, ['fast-import', '--quiet', `--export-marks=${clone}/.git/marks`], {
          input: toStream(commits),
        });
        const line = await git(clone, ['rev-list', '--first-parent', '--reverse', 'main']);
        const ids = line.trim().split('\n');
        t.is(ids.length, commits.length);
        const expected = findChanges(commits).map((i) => ids[i]);
        const { code, out, err } = await runInProcess(clone, personal, ['history', 'wisdom', '--output', 'json']);
        t.is(code, expected.length === 0 ? 1 : 0, err);
        const events: { readonly commit: string }[] = code === 0 ? JSON.parse(out).events : [];
        t.deepEqual(
          events.map(({ commit }) => commit),
          expected,
        );
        found += events.length;
      },
    ),
    { numRuns: isThorough ? 40 : 8, seed: 13 },
  );
  t.true(found > 20, `${found}`);
});
