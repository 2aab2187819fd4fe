import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Entry, EntryKind } from '../../../src/core/repository/entries.ts';
import type { Followed, Lookup } from '../../../src/core/repository/links.ts';
import { answer, answerLater, followLink, lookForModels } from '../../../src/core/repository/links.ts';
import { times } from '../../thorough.ts';

/** `null` is a folder, `> path` a link, anything else a file. */
type Tree = Readonly<Record<string, string | null>>;

function toLookup(tree: Tree): Lookup {
  const kindOf = (path: string): EntryKind | undefined => {
    if (path === '.') return 'folder';
    const content = Object.hasOwn(tree, path) ? tree[path] : undefined;
    if (content === 'submodule' || content === 'other') return content;
    if (typeof content === 'string') return content.startsWith('> ') ? 'link' : 'file';
    const hasEntries = Object.keys(tree).some((other) => other.startsWith(`${path}/`));
    return content === null || hasEntries ? 'folder' : undefined;
  };
  return {
    kindOf,
    targetOf: (path) => (tree[path] ?? '').slice(2),
    list: (path): readonly Entry[] => {
      const start = path === '.' ? '' : `${path}/`;
      const below = Object.keys(tree).filter((one) => one.startsWith(start));
      const names = new Set(below.map((one) => one.slice(start.length).split('/')[0] ?? ''));
      return [...names].map((name) => ({ name, kind: kindOf(start + name) ?? 'other' }));
    },
  };
}

const follow = (tree: Tree, path: string, folder = '.'): Followed => answer(followLink(path, folder), toLookup(tree));

/** `file path`, the code of a problem with its severity, or `nothing`. */
function toOutcome(followed: Followed): string {
  if (followed === undefined) return 'nothing';
  return 'file' in followed ? `file ${followed.file}` : `${followed.severity} ${followed.code}`;
}

const links: Readonly<Record<string, { tree: Tree; path: string; folder?: string; outcome: string }>> = {
  'to a file': {
    tree: { 'a/model.yaml': '> ../shared/x.yaml', 'shared/x.yaml': 'text' },
    path: 'a/model.yaml',
    outcome: 'file shared/x.yaml',
  },
  'through another link': {
    tree: { 'model.yaml': '> b/model.yaml', b: '> c', 'c/model.yaml': 'text' },
    path: 'model.yaml',
    outcome: 'file c/model.yaml',
  },
  'of another name, to a file': {
    tree: { 'README.md': '> docs/README.md', 'docs/README.md': 'text' },
    path: 'README.md',
    outcome: 'nothing',
  },
  'to nothing': { tree: { 'model.yaml': '> x.yaml' }, path: 'model.yaml', outcome: 'error file-unreadable' },
  'of another name, to nothing': { tree: { x: '> y' }, path: 'x', outcome: 'nothing' },
  'through a file': {
    tree: { 'model.yaml': '> a/../b', a: 'text', b: 'text' },
    path: 'model.yaml',
    outcome: 'error file-unreadable',
  },
  'to itself': { tree: { 'model.yaml': '> model.yaml' }, path: 'model.yaml', outcome: 'error file-unreadable' },
  'to an absolute path': {
    tree: { 'model.yaml': '> /etc/passwd' },
    path: 'model.yaml',
    outcome: 'error link-leaves-repository',
  },
  'out of the repository and back': {
    tree: { 'a/model.yaml': '> ../../repository/x.yaml', 'x.yaml': 'text' },
    path: 'a/model.yaml',
    outcome: 'error link-leaves-repository',
  },
  'of another name, out of the repository': {
    tree: { a: '> ../x' },
    path: 'a',
    outcome: 'warning link-leaves-repository',
  },
  'into a submodule': {
    tree: { 'model.yaml': '> vendor', vendor: 'submodule' },
    path: 'model.yaml',
    outcome: 'error submodule',
  },
  'to a device': {
    tree: { 'model.yaml': '> pipe', pipe: 'other' },
    path: 'model.yaml',
    outcome: 'error file-unreadable',
  },
  'to a folder that is read at its own path': {
    tree: { a: '> b', 'b/model.yaml': 'text' },
    path: 'a',
    outcome: 'nothing',
  },
  'to a folder around it': {
    tree: { 'a/b': '> ..', 'a/model.yaml': 'text' },
    path: 'a/b',
    folder: 'a/b',
    outcome: 'nothing',
  },
  'to models beside the folder that is read': {
    tree: { 'a/b': '> ../c', 'c/d/model.yaml': 'text' },
    path: 'a/b',
    folder: 'a',
    outcome: 'error link-not-followed',
  },
  'to a folder without models beside the one that is read': {
    tree: { 'a/b': '> ../c', 'c/policy.yaml': 'text' },
    path: 'a/b',
    folder: 'a',
    outcome: 'nothing',
  },
  'to models in a hidden folder': {
    tree: { a: '> .hidden', '.hidden/model.yaml': 'text' },
    path: 'a',
    outcome: 'error link-not-followed',
  },
};

for (const [title, { tree, path, folder, outcome }] of Object.entries(links))
  test(`a link ${title}: ${outcome}`, async (t) => {
    t.is(toOutcome(follow(tree, path, folder)), outcome);
    // An asynchronous reader comes to the same result.
    const lookup = toLookup(tree);
    const later = await answerLater(followLink(path, folder ?? '.'), {
      kindOf: async (at) => lookup.kindOf(at),
      targetOf: async (at) => lookup.targetOf(at),
      list: async (at) => lookup.list(at),
    });
    t.is(toOutcome(later), outcome);
  });

test('forty links are followed, as on Linux, and one more is not', (t) => {
  const chain = (length: number): Tree => ({
    ...Object.fromEntries(
      Array.from({ length }, (_, i) => [
        i === 0 ? 'model.yaml' : `l${i}`,
        `> ${i === length - 1 ? 'end' : `l${i + 1}`}`,
      ]),
    ),
    end: 'text',
  });
  t.is(toOutcome(follow(chain(40), 'model.yaml')), 'file end');
  t.is(toOutcome(follow(chain(41), 'model.yaml')), 'error file-unreadable');
});

test('models are found in folders below, but not in hidden ones, packages, and behind links', (t) => {
  t.true(lookForModels('a', toLookup({ 'a/b/c/x.model.yaml': 'text' })));
  for (const path of ['a/.b/model.yaml', 'a/node_modules/b/model.yaml', 'a/policy.yaml', 'b/model.yaml'])
    t.false(lookForModels('a', toLookup({ a: null, [path]: 'text' })), path);
  t.false(lookForModels('a', toLookup({ 'a/model.yaml': '> ../b/model.yaml', 'b/model.yaml': 'text' })));
});

const parts = fc.constantFrom('a', 'a', 'b', 'b', 'a/b', '..', '.', '');
const targets = fc
  .tuple(fc.array(parts, { maxLength: 3 }), fc.constantFrom('model.yaml', 'model.yaml', 'model.yaml', 'a', 'b'))
  .map(([list, last]) => [...list, last].join('/'))
  .filter((target) => !target.startsWith('/'));
const contents = fc.oneof(
  fc.constant('text'),
  targets.map((target) => `> ${target}`),
);
const folders = fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, { arbitrary: contents, weight: 1 });
/** In the order in which they are written: a folder before what is in it. */
const trees = fc.record({
  a: folders,
  b: folders,
  'a/a': folders,
  'a/b': folders,
  'b/a': folders,
  'a/model.yaml': contents,
  'b/model.yaml': contents,
  'a/b/model.yaml': contents,
});

test('a link is followed to the file that the operating system opens', (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-links-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'repository');
  const runs = times(1000, 60);
  const outcomes = { file: 0, other: 0 };
  fc.assert(
    fc.property(trees, targets, (tree, target) => {
      rmSync(root, { recursive: true, force: true });
      mkdirSync(root);
      const written: Record<string, string | null> = {};
      for (const [path, content] of Object.entries<string | null>({ ...tree, 'model.yaml': `> ${target}` })) {
        // Some need a folder where there is a file or a link already.
        if (kindOnDisk(join(root, dirname(path))) !== 'folder' || kindOnDisk(join(root, path)) !== undefined) continue;
        if (content === null) mkdirSync(join(root, path));
        else if (content.startsWith('> ')) symlinkSync(content.slice(2), join(root, path));
        else writeFileSync(join(root, path), content);
        written[path] = content;
      }
      const followed = follow(written, 'model.yaml');
      const real = openReal(join(root, 'model.yaml'));
      const isFile = real?.startsWith(`${root}/`) && statSync(real).isFile();
      outcomes[isFile ? 'file' : 'other']++;
      if (isFile) t.is(toOutcome(followed), `file ${relative(root, real ?? '')}`);
      else t.false(followed !== undefined && 'file' in followed, toOutcome(followed));
      if (toOutcome(followed).endsWith('link-leaves-repository')) t.false(real?.startsWith(root) ?? false);
    }),
    { numRuns: runs },
  );
  t.true(outcomes.file > runs / 50 && outcomes.other > runs / 50, JSON.stringify(outcomes));
});

function kindOnDisk(path: string): 'folder' | 'other' | undefined {
  try {
    return lstatSync(path).isDirectory() ? 'folder' : 'other';
  } catch {
    return undefined;
  }
}

/** The native call: Node's own one treats `x/..` as nothing, whatever x is. */
function openReal(path: string): string | undefined {
  try {
    readlinkSync(path);
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
