/**
 * One repository, read by the plugin on a disk, by commands at a revision, and by the watcher through git:
 * all see the same files, the same texts and the same problems.
 */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Problem } from '../../src/core/diagnostics/problem.ts';
import { toFileRole } from '../../src/core/input/file-role.ts';
import type { FolderTree } from '../../src/core/input/folder-tree.ts';
import { parseModel } from '../../src/core/input/parse-document.ts';
import { git } from '../../src/demo/fakes/git.ts';
import { openFolderTree } from '../../src/io/files/folder-tree.ts';
import { GitBranch } from '../../src/io/git/branch.ts';
import { openTransport } from '../../src/io/git/transports.ts';
import { Git } from '../../src/io/git-cli/git.ts';
import { GitRevisions } from '../../src/io/git-cli/revisions.ts';
import { BranchFiles } from '../../src/watch/branch-files.ts';
import { times } from '../thorough.ts';

const never = new AbortController().signal;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-reading-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

type Content =
  | { readonly kind: 'text'; readonly text: string | Buffer }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'submodule' };

/** By path; names are bytes, one character each. */
type Tree = Readonly<Record<string, Content>>;

const text = (content: string | Buffer): Content => ({ kind: 'text', text: content });
const link = (target: string): Content => ({ kind: 'link', target });
const submodule: Content = { kind: 'submodule' };
const model = (name: string) => `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/a"}
`;
const lfsPointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n';

class Repository {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async create(name: string): Promise<Repository> {
    const root = join(folder, name);
    mkdirSync(root);
    await git(root, ['init', '--quiet', '--initial-branch', 'main']);
    return new Repository(root);
  }

  /** The work tree, and a commit of it by git itself. */
  async write(tree: Tree): Promise<string> {
    for (const name of readdirSync(this.root, 'latin1'))
      if (name !== '.git') rmSync(Buffer.from(join(this.root, name), 'latin1'), { recursive: true });
    const submodules: string[] = [];
    for (const [path, content] of Object.entries(tree)) {
      const at = Buffer.from(join(this.root, path), 'latin1');
      mkdirSync(Buffer.from(posix.join(this.root, path, '..'), 'latin1'), { recursive: true });
      if (content.kind === 'text') writeFileSync(at, content.text);
      else if (content.kind === 'link') symlinkSync(content.target, at);
      else {
        mkdirSync(at);
        submodules.push(path);
      }
    }
    if (submodules.length > 0)
      writeFileSync(
        join(this.root, '.gitmodules'),
        submodules
          .map((path) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = https://git.example.com/x\n`)
          .join(''),
      );
    await git(this.root, ['read-tree', '--empty']);
    await git(this.root, ['add', '--all', '--force']);
    if (submodules.length > 0)
      await git(this.root, [
        'update-index',
        '--add',
        ...submodules.flatMap((path) => ['--cacheinfo', `160000,${'1'.repeat(40)},${path}`]),
      ]);
    await git(this.root, ['commit', '--quiet', '--allow-empty', '--message', 'next']);
    return (await git(this.root, ['rev-parse', 'HEAD'])).trim();
  }

  openRevisions(): GitRevisions {
    return new GitRevisions(new Git(this.root, { environment: { PATH: process.env['PATH'] } }));
  }

  openBranch(path: string, isWanted = (_: string, name: string) => toFileRole(name) !== undefined): GitBranch {
    const person = { name: 'watcher', email: 'watcher@example.com' };
    return new GitBranch({
      transport: openTransport({
        address: `file://${this.root}`,
        credentials: undefined,
        environment: process.env,
      }),
      branch: 'main',
      path,
      isWanted,
      author: person,
      committer: person,
      clock: { date: () => 1_700_000_000 },
    });
  }

  readDisk(path: string): FolderTree {
    return openFolderTree({
      repository: this.root,
      repositoryPath: '.',
      folder: join(this.root, path),
      root: this.root,
    });
  }
}

interface Seen {
  /** Path → the text, or the code of why there is none. */
  readonly files: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

function toShort({ file, severity, code }: Problem): string {
  return `${file} ${severity} ${code}`;
}

const ofLinks = new Set(['link-leaves-repository', 'link-not-followed', 'file-unreadable', 'submodule']);

/** The plugin reports a broken link of a status file where it is read, so that it stops nothing else. */
function toSeen(tree: FolderTree): Seen {
  const files: Record<string, string> = {};
  const problems = tree.problems.map(toShort);
  for (const file of tree.files) {
    const source = tree.read(file);
    if ('text' in source) files[file.path] = source.text;
    else if (ofLinks.has(source.code)) problems.push(toShort(source));
    else files[file.path] = source.code;
  }
  return { files: sortKeys(files), problems: problems.sort() };
}

async function toSeenOfBranch(branch: GitBranch): Promise<Seen> {
  const snapshot = await branch.fetch(never);
  const texts = await branch.read(new Set(snapshot.files.values()));
  const files: Record<string, string> = {};
  for (const [path, id] of snapshot.files) {
    const found = texts.get(id) ?? 'not read';
    files[path] = typeof found === 'string' ? found : found.code;
  }
  return { files: sortKeys(files), problems: snapshot.problems.map(toShort).sort() };
}

function sortKeys(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const folders = [
  '',
  'models',
  'models/a',
  'models/a/deep',
  'models/.hidden',
  'models/node_modules/x',
  'models/model.yaml',
  '.archive/b',
  'other',
  'gr\u00c3\u00b6\u00c3\u009fe',
  'models/\u00ff',
];
const names = [
  'model.yaml',
  'x.model.yaml',
  'policy.yaml',
  'x.policy.yaml',
  'status.yaml',
  'x.status.west.yaml',
  'Model.yaml',
  'policy.yml',
  'notes.txt',
  'current',
  'a',
  '.model.yaml',
  'x\u00ff.model.yaml',
];
const targets = [
  'model.yaml',
  './x.model.yaml',
  'a/model.yaml',
  '../a/model.yaml',
  '../../other/model.yaml',
  'current',
  '../current',
  'current/model.yaml',
  '../models/a/../model.yaml',
  '../outside/model.yaml',
  '../../../outside',
  '/etc/hostname',
  '.git/config',
  '../.git/HEAD',
  '/',
  '.',
  '..',
  '../..',
  'a',
  './a/',
  '../other//',
  '.hidden',
  '../.archive',
  'models/a/deep',
  'model.yaml/',
  'MODEL.YAML',
  'nowhere',
  'models/.hidden/model.yaml',
  'vendor',
  '../vendor/model.yaml',
  'vendor/../models/model.yaml',
  'reading',
  `${'../'.repeat(2)}tree/models/model.yaml`,
];

const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('one', 'two').map((name) => text(model(name))) },
  { weight: 5, arbitrary: fc.constantFrom(...targets).map(link) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      text(''),
      text('{'),
      text(lfsPointer),
      text(`${model('one')}#${'x'.repeat(1024 * 1024)}`),
      text(Buffer.from([0xff, 0xfe, 0x6b])),
      text(`\ufeff${model('bom')}`),
    ),
  },
  { weight: 1, arbitrary: fc.constant(submodule) },
);

/** What seldom meets by chance. */
const pieces: readonly (readonly [folder: string, name: string, content: Content])[] = [
  ['', 'vendor', submodule],
  ['models/a', 'x.model.yaml', link('../../vendor/x.model.yaml')],
  ['models/a', 'shared', link('../../other')],
  ['other', 'model.yaml', text(model('one'))],
  ['models', 'current', link('.hidden')],
  ['models/.hidden', 'model.yaml', text(model('two'))],
  ['models', 'again', link('a/../again')],
  ['models', 'own.model.yaml', link('../.git/config')],
];

const tree: fc.Arbitrary<Tree> = fc
  .tuple(
    fc.subarray([...pieces]),
    fc.array(fc.tuple(fc.constantFrom(...folders), fc.constantFrom(...names, 'vendor'), content), {
      minLength: 8,
      maxLength: 60,
    }),
  )
  .map(([chosen, others]) => {
    const entries = [...chosen, ...others];
    const placed = new Map<string, Content>();
    for (const [at, name, what] of entries) {
      const path = at === '' ? name : `${at}/${name}`;
      // What is a file in one entry is not a folder in another.
      const isTaken = [...placed.keys()].some(
        (one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`),
      );
      if (isTaken || (what.kind === 'submodule' && /[^ -~]/.test(path))) continue;
      placed.set(path, what);
    }
    return Object.fromEntries(placed);
  });

test('a folder in a submodule is read nowhere, and reported everywhere', async (t) => {
  const repository = await Repository.create('outer');
  const commit = await repository.write({ 'model.yaml': text(model('outer')), vendor: submodule });
  // As Argo CD checks it out.
  for (const path of ['vendor/.git', 'vendor/models/model.yaml']) {
    mkdirSync(join(repository.root, path, '..'), { recursive: true });
    writeFileSync(join(repository.root, path), path.endsWith('.git') ? 'gitdir: elsewhere\n' : model('inner'));
  }
  using revisions = repository.openRevisions();
  const revision = await revisions.readTree(commit, { folder: 'vendor/models', root: '.' });
  t.deepEqual(toSeen(revision).problems, ['vendor error submodule']);
  t.deepEqual((await toSeenOfBranch(repository.openBranch('vendor/models'))).problems, ['vendor error submodule']);
  t.deepEqual(toSeen(repository.readDisk('vendor/models')).problems, ['vendor error submodule']);
  // From the outside, what is checked out shows that models are missing; git alone does not have it.
  t.deepEqual(toSeen(repository.readDisk('.')).problems, ['vendor error submodule']);
  t.deepEqual((await toSeenOfBranch(repository.openBranch('.'))).problems, ['vendor warning submodule']);
});

const count = Number(process.env['MODEL_MIRROR_TREES'] ?? times(40, 16));

test('any tree is read the same from a disk, at a revision and through the watcher’s branch', async (t) => {
  const repository = await Repository.create('tree');
  // They see one tree after the other, as watchers do.
  const branches = ['.', 'models', 'models/a'].map((path) => ({ path, branch: repository.openBranch(path) }));
  const codes = new Set<string>();
  let turn = 0;
  const compare = async (wanted: Tree) => {
    const commit = await repository.write(wanted);
    const isFolder = (path: string) =>
      wanted[path] === undefined &&
      lstatSync(join(repository.root, path), { throwIfNoEntry: false })?.isDirectory() === true;
    const { path, branch } =
      branches.filter((one) => isFolder(one.path)).at(turn++ % 3) ?? (branches[0] as (typeof branches)[number]);
    const disk = repository.readDisk(path);
    const expected = toSeen(disk);
    using revisions = repository.openRevisions();
    const revision = await revisions.readTree(commit, { folder: path, root: '.' });
    t.deepEqual(toSeen(revision), expected);
    t.deepEqual(await toSeenOfBranch(branch), expected);
    const models = new BranchFiles({ path: '.', cluster: undefined, page: false });
    const snapshot = await branch.fetch(never);
    await models.update(snapshot, (ids) => branch.read(ids));
    const parsed = disk.files.filter((file) => {
      const source = disk.read(file);
      return toFileRole(file.name)?.kind === 'Model' && 'text' in source && parseModel(source).value !== undefined;
    });
    t.deepEqual([...models.models.keys()].sort(), parsed.map((file) => file.path).sort());
    for (const problem of expected.problems) codes.add(problem.split(' ').slice(-2).join(' '));
    for (const found of Object.values(expected.files)) codes.add(/^[a-z-]+$/.test(found) ? found : 'text');
  };
  await fc.assert(fc.asyncProperty(tree, compare), { numRuns: count, seed: 1, endOnFailure: true });
  t.deepEqual(
    [...codes].sort(),
    [
      'error file-name',
      'error file-unreadable',
      'error link-leaves-repository',
      'error link-not-followed',
      'error submodule',
      'file-encoding',
      'file-too-large',
      'git-lfs-pointer',
      'text',
      'warning file-name',
      'warning link-leaves-repository',
      'warning submodule',
    ],
    'the trees hold all that can be wrong',
  );
});
