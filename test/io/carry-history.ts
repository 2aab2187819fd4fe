/**
 * Histories of a source branch and a deploy branch: people who add, edit, move, swap, rename and remove models on one and
 * sometimes edit the other, and a watcher's status files. What a carry must give is derived by path from the files alone.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { git } from '../../src/demo/fakes/git.ts';

export type Files = ReadonlyMap<string, string>;

export function toModelText(name: string, text = 'one', namespace?: string): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata:
  name: ${name}
${namespace === undefined ? '' : `  namespace: ${namespace}\n`}spec:
  template:
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: ${text}, storageUri: "s3://models/${name}"}
`;
}

export function toStatus(name: string, text: string, namespace = 'ml'): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata:
  name: ${name}
  namespace: ${namespace}
status:
  primary: {name: ${name}, state: Ready, message: ${text}}
`;
}

let date = 1_700_000_000;

/** A bare repository, in which people commit without a clone. */
export class CarryRepository {
  readonly root: string;
  readonly bare: string;

  private constructor(root: string) {
    this.root = root;
    this.bare = join(root, 'repo.git');
  }

  static async make(): Promise<CarryRepository> {
    const made = new CarryRepository(realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-carry-'))));
    await git(made.root, ['init', '--quiet', '--bare', '--initial-branch=main', made.bare]);
    return made;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  git(...words: string[]): Promise<string> {
    return git(this.bare, words);
  }

  /** @param from the parent; absent: the branch's tip, if there is one. */
  async commit(
    branch: string,
    changes: ReadonlyMap<string, string | undefined>,
    message = 'a change',
    person = 'Ada',
  ): Promise<string> {
    const tip = await this.tip(branch);
    const lines = [
      `commit refs/heads/${branch}`,
      `author ${person} <${person.toLowerCase()}@example.com> ${date++} +0000`,
    ];
    lines.push(`committer ${person} <${person.toLowerCase()}@example.com> ${date} +0000`);
    lines.push(`data ${Buffer.byteLength(message)}`, message, ...(tip === '' ? [] : [`from ${tip}`]));
    for (const [path, text] of changes) if (text === undefined) lines.push(`D ${path}`);
    for (const [path, text] of changes)
      if (text !== undefined) lines.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text);
    await git(this.bare, ['fast-import', '--quiet', '--force'], { input: `${lines.join('\n')}\n` });
    return this.tip(branch);
  }

  async tip(branch: string): Promise<string> {
    return (await this.git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`)).trim();
  }

  async read(revision: string): Promise<Files> {
    const listed = (await this.git('ls-tree', '-r', '-z', revision)).split('\0').slice(0, -1);
    const rows = listed.map((line) => [line.slice(line.indexOf('\t') + 1), line.split(/[ \t]/)[2] ?? ''] as const);
    const files = new Map<string, string>();
    if (rows.length === 0) return files;
    const all = await git(this.bare, ['cat-file', '--batch'], { input: rows.map(([, id]) => `${id}\n`).join('') });
    let at = 0;
    for (const [path] of rows) {
      const end = all.indexOf('\n', at);
      const size = Number(all.slice(at, end).split(' ')[2]);
      files.set(path, all.slice(end + 1, end + 1 + size));
      at = end + 1 + size + 1;
    }
    return files;
  }

  /** A clone that follows main. */
  async clone(): Promise<string> {
    const folder = join(this.root, 'clone');
    mkdirSync(folder);
    await git(folder, ['clone', '--quiet', '--no-checkout', this.bare, '.']);
    return folder;
  }
}

const folders = ['a', 'b/c', 'd', 'models/e'];
const names = ['fraud', 'spam', 'toxic'];

const place = fc.constantFrom(...folders);
const n = fc.integer({ min: 0, max: 3 });

/** What happens, in order; an action without an object does nothing. */
export const actions = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('add' as const),
      at: place,
      name: fc.constantFrom(...names),
      stem: fc.constantFrom('', 'x.'),
      status: fc.boolean(),
    }),
    fc.record({ do: fc.constant('edit' as const), at: place, n }),
    fc.record({ do: fc.constant('remove' as const), at: place }),
    fc.record({ do: fc.constant('move' as const), at: place, to: place }),
    fc.record({ do: fc.constant('swap' as const), at: place, to: place }),
    fc.record({ do: fc.constant('rename' as const), at: place, name: fc.constantFrom(...names) }),
    fc.record({ do: fc.constant('status' as const), at: place, n }),
    fc.record({ do: fc.constant('back' as const) }),
    fc.record({ do: fc.constant('hotfix' as const), at: place, n }),
    fc.record({ do: fc.constant('undo' as const), at: place }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant('observe' as const), n }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('carry' as const) }) },
  ),
  { maxLength: 24 },
);
export type Action = typeof actions extends fc.Arbitrary<readonly (infer A)[]> ? A : never;

const isModel = (path: string) => path.endsWith('model.yaml');
const isBot = (path: string) => /(^|[/.])status(\.west)?\.yaml$/.test(path) || path === 'STATUS.md';
const toName = (text: string) => /^ {2}name: (.*)$/m.exec(text)?.[1] ?? '';
const below = (files: Files, folder: string) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`));

/** The changes that an action makes of the files of its branch. */
export function toChanges(action: Action, files: Files): ReadonlyMap<string, string | undefined> {
  const changes = new Map<string, string | undefined>();
  const known = new Set([...files].filter(([path]) => isModel(path)).map(([, text]) => toName(text)));
  const put = (from: string, to: string) => {
    for (const path of below(files, from)) changes.set(`${to}${path.slice(from.length)}`, files.get(path));
  };
  const drop = (folder: string) => {
    for (const path of below(files, folder)) changes.set(path, undefined);
  };
  switch (action.do) {
    case 'add': {
      const { at, name, stem, status } = action;
      if (known.has(name) || below(files, at).length > 0) break;
      changes.set(`${at}/${stem}model.yaml`, toModelText(name));
      changes.set(`${at}/notes.txt`, `about ${name}`);
      if (status) changes.set(`${at}/${stem}status.yaml`, toStatus(name, 'made up'));
      break;
    }
    case 'edit':
    case 'hotfix':
      if (below(files, action.at).length > 0) changes.set(`${action.at}/policy.yaml`, `${action.do} ${action.n}`);
      break;
    case 'remove':
      drop(action.at);
      break;
    case 'move':
      if (action.at === action.to || below(files, action.to).length > 0) break;
      drop(action.at);
      put(action.at, action.to);
      break;
    case 'swap':
      if (action.at === action.to || below(files, action.to).length === 0) break;
      drop(action.at);
      drop(action.to);
      put(action.at, action.to);
      put(action.to, action.at);
      break;
    case 'rename':
      for (const path of below(files, action.at))
        if (isModel(path) && !known.has(action.name)) changes.set(path, toModelText(action.name, 'renamed'));
      break;
    case 'status':
      changes.set('STATUS.md', `<!-- Written by the model-mirror watcher. Do not edit. -->\nof main ${action.n}`);
      for (const path of below(files, action.at))
        if (isModel(path))
          changes.set(
            path.replace('model.yaml', 'status.yaml'),
            toStatus(toName(files.get(path) ?? ''), `by hand ${action.n}`),
          );
      break;
    case 'undo':
      if (files.has(`${action.at}/notes.txt`)) changes.set(`${action.at}/notes.txt`, undefined);
      break;
    case 'observe':
      changes.set('STATUS.md', `<!-- Written by the model-mirror watcher. Do not edit. -->\nobserved ${action.n}`);
      for (const [path, text] of files)
        if (isModel(path))
          for (const end of ['status.yaml', 'status.west.yaml'])
            changes.set(path.replace('model.yaml', end), toStatus(toName(text), `observed ${action.n} ${end}`));
      for (const path of files.keys())
        if (isBot(path) && path !== 'STATUS.md' && !changes.has(path)) changes.set(path, undefined);
  }
  return new Map([...changes].filter(([path, text]) => files.get(path) !== text));
}

/** By path: what the deploy branch has after a carry. */
export function expectCarried(base: Files, source: Files, deploy: Files): Files {
  const expected = new Map<string, string>();
  for (const path of new Set([...source.keys(), ...deploy.keys()])) {
    const text = (base.get(path) === source.get(path) ? deploy : source).get(path);
    if (!isBot(path) && text !== undefined) expected.set(path, text);
  }
  const page = deploy.get('STATUS.md');
  if (page !== undefined) expected.set('STATUS.md', page);
  const statuses = [...deploy].filter(([path]) => isBot(path) && path !== 'STATUS.md');
  for (const [path, text] of [...expected].filter(([one]) => isModel(one)))
    for (const end of ['status.yaml', 'status.west.yaml']) {
      const isOf = (one: string) => one.endsWith('.west.yaml') === end.includes('west');
      const found = statuses.find(([one, status]) => isOf(one) && toName(status) === toName(text));
      if (found !== undefined) expected.set(path.replace('model.yaml', end), found[1]);
    }
  return expected;
}
