/** A command in a clone of main and a carry find the same model for each status file, and none where one is in doubt. */
import test from 'ava';
import fc from 'fast-check';
import { withDeployed } from '../../../src/core/carry/deployed-statuses.ts';
import type { CarryEntry, CarryObjects, Listing } from '../../../src/core/carry/folders.ts';
import { matchStatuses } from '../../../src/core/carry/match.ts';
import { planCarry } from '../../../src/core/carry/plan.ts';
import { toModelText, toStatus } from '../../io/carry-history.ts';
import { times } from '../../thorough.ts';
import { toMemoryTree } from '../render/memory-tree.ts';

type Files = Readonly<Record<string, string>>;
/** Path → the text. */
type Statuses = ReadonlyMap<string, string>;

interface Branches {
  readonly base: Files;
  readonly source: Files;
  readonly deploy: Files;
  /** Of the source's files. */
  readonly mode: string;
}

const isStatus = (path: string) => /(^|[/.])status(\.west)?\.yaml$/.test(path);
const toModelPath = (path: string) => path.replace(/status(\.west)?\.yaml$/, 'model.yaml');

/** Git's objects; an id is the content. */
const objects: CarryObjects = {
  readTrees: async (ids) =>
    new Map(ids.map((id): [string, Listing] => [id, new Map(JSON.parse(id) as [string, CarryEntry][])])),
  readTexts: async (ids) => new Map(ids.map((id) => [id, id])),
};

function toTreeId(files: Files, mode = '100644'): string {
  const names = Map.groupBy(Object.entries(files), ([path]) => path.split('/')[0] ?? '');
  const entries = [...names].map(([name, inner]): [string, CarryEntry] => {
    const [[path, text] = ['', '']] = inner;
    if (path === name) return [name, { mode, oid: text }];
    const below = inner.map(([one, content]) => [one.slice(name.length + 1), content]);
    return [name, { mode: '40000', oid: toTreeId(Object.fromEntries(below) as Files, mode) }];
  });
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a carry leaves beside each model of the source that is about it. */
async function carried({ base, source, deploy, mode }: Branches): Promise<Statuses> {
  const ids = { base: toTreeId(base), source: toTreeId(source, mode), deploy: toTreeId(deploy) };
  const after = new Map(Object.entries(deploy));
  for (const [path, entry] of (await planCarry(ids, objects)).changes)
    if (entry === undefined) after.delete(path);
    else after.set(path, entry.oid);
  return new Map([...after].filter(([path, text]) => isStatus(path) && isOf(text, source[toModelPath(path)])));
}

const toField = (text: string, field: string) => new RegExp(`^ {2}${field}: (.*)$`, 'm').exec(text)?.[1];

function isOf(status: string, model: string | undefined): boolean {
  if (!status.startsWith('api') || !model?.startsWith('api')) return false;
  const namespace = toField(model, 'namespace');
  const isThere = namespace === undefined || namespace === toField(status, 'namespace');
  return isThere && toField(status, 'name') === toField(model, 'name');
}

/** What a command in a clone takes for the status files of the source's models. */
function found({ base, source, deploy }: Branches): Statuses {
  const trees = { source: toMemoryTree(source), base: toMemoryTree(base), deploy: toMemoryTree(deploy) };
  const { tree } = withDeployed(trees.source, trees, true);
  const read = tree.files.flatMap((file) => {
    const status = isStatus(file.name) ? tree.read(file) : undefined;
    return status === undefined || 'code' in status ? [] : [[file.path, status.text] as const];
  });
  return new Map(read);
}

const names = fc.constantFrom('fraud', 'spam');
const namespaces = fc.constantFrom(undefined, undefined, 'ml', 'red');
const modelPaths = ['model.yaml', 'x.model.yaml', 'a/model.yaml', 'a/x.model.yaml', 'b/c/model.yaml', 'd/model.yaml'];
const paths = fc.constantFrom(...modelPaths);
const model = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(names, namespaces).map(([name, namespace]) => toModelText(name, 'v1', namespace)) },
  { weight: 1, arbitrary: fc.constant('kind: [') },
);
const models = fc.dictionary(paths, model, { maxKeys: 4 });
const status = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(names, fc.constantFrom('ml', 'red')) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
/** By the path of the model beside it; a number makes each text its own. */
const statuses = fc.array(fc.tuple(paths, fc.constantFrom('status.yaml', 'status.west.yaml'), status), {
  maxLength: 8,
});
/** What happens to the models of a branch: a path gets the model of another one, a new one, or none. */
const edits = fc.array(fc.tuple(paths, fc.oneof({ weight: 3, arbitrary: paths }, model, fc.constant(undefined))), {
  maxLength: 5,
});

function edit(files: Files, list: readonly (readonly [string, string | undefined])[]): Files {
  const after = new Map(Object.entries(files));
  for (const [path, to] of list) {
    const isMove = to !== undefined && modelPaths.includes(to);
    const text = isMove ? after.get(to) : to;
    if (isMove) after.delete(to);
    if (text === undefined) after.delete(path);
    else after.set(path, text);
  }
  return Object.fromEntries(after);
}

const branches = fc
  .record({
    base: models,
    onMain: edits,
    onDeploy: fc.oneof(fc.constant([]), edits),
    written: statuses,
    own: fc.boolean(),
    mode: fc.constantFrom('100644', '100644', '100755'),
  })
  .map(({ base, onMain, onDeploy, written, own, mode }): Branches => {
    const deploy = edit(base, onDeploy);
    // Mostly, each model has status files of its own.
    const usual = own ? Object.entries(deploy).map(([path, text]) => toOwn(path, text)) : [];
    const stray = written.map(([path, end, about], i): [string, string] => [
      path.replace('model.yaml', end),
      about === undefined ? `broken ${i}` : toStatus(about[0], `stray ${i}`, about[1]),
    ]);
    return {
      base,
      source: edit(base, onMain),
      mode,
      deploy: { ...deploy, ...Object.fromEntries([...usual, ...stray]) },
    };
  });

function toOwn(path: string, text: string): [string, string] {
  const about = toStatus(toField(text, 'name') ?? 'fraud', `of ${path}`, toField(text, 'namespace') ?? 'ml');
  return [path.replace('model.yaml', 'status.yaml'), about];
}

test('a command in a clone and a carry find the same model for each status file', async (t) => {
  let [kept, moved] = [0, 0];
  const property = fc.asyncProperty(branches, async (all) => {
    const expected = await carried(all);
    t.deepEqual(new Map([...found(all)].sort()), new Map([...expected].sort()));
    for (const [path, text] of expected) all.deploy[path] === text ? kept++ : moved++;
  });
  await fc.assert(property, { numRuns: times(10_000, 1500) });
  t.log(`${kept} stayed, ${moved} moved`);
  t.true(kept > 100 && moved > 50, `${kept} stayed, ${moved} moved`);
});

/** Models and status files by their paths, with `name` or `name in namespace`. */
const cases = {
  'a model that moves takes all its status files along': {
    models: { 'b/model.yaml': 'fraud' },
    statuses: { 'a/status.yaml': 'fraud in ml', 'a/status.west.yaml': 'fraud in ml' },
    expected: { 'a/status.yaml': 'b/model.yaml', 'a/status.west.yaml': 'b/model.yaml' },
  },
  'of two models with one name, neither gets a status file': {
    models: { 'b/model.yaml': 'fraud', 'c/model.yaml': 'fraud in ml' },
    statuses: { 'a/status.yaml': 'fraud in ml' },
    expected: {},
  },
  'of two models with one name, neither gets that of a third path, though one has its own': {
    models: { 'b/model.yaml': 'fraud', 'c/model.yaml': 'fraud' },
    statuses: { 'a/status.yaml': 'fraud in ml', 'b/status.yaml': 'fraud in ml' },
    expected: { 'b/status.yaml': 'b/model.yaml' },
  },
  'the status files of two paths go nowhere, though they are of two clusters': {
    models: { 'c/model.yaml': 'fraud' },
    statuses: { 'a/status.yaml': 'fraud in ml', 'b/status.west.yaml': 'fraud in ml' },
    expected: {},
  },
  'a model that has a status file gets no other, not even of another cluster': {
    models: { 'a/model.yaml': 'fraud' },
    statuses: { 'a/status.yaml': 'fraud in ml', 'b/status.west.yaml': 'fraud in ml' },
    expected: { 'a/status.yaml': 'a/model.yaml' },
  },
  'nor does one whose status file cannot be read': {
    models: { 'a/model.yaml': 'fraud' },
    statuses: { 'a/status.yaml': '', 'b/status.yaml': 'fraud in ml' },
    expected: { 'a/status.yaml': 'a/model.yaml' },
  },
  'a status file of another namespace goes nowhere': {
    models: { 'b/model.yaml': 'fraud in red' },
    statuses: { 'a/status.yaml': 'fraud in ml' },
    expected: {},
  },
} as const satisfies Readonly<Record<string, Readonly<Record<'models' | 'statuses' | 'expected', Files>>>>;

for (const [title, { models: all, statuses: files, expected }] of Object.entries(cases))
  test(title, (t) => {
    const toSubject = (text: string) => {
      const [name = '', namespace] = text.split(' in ');
      return name === '' ? undefined : { name, namespace };
    };
    const places = Object.entries(files).map(([path, text]) => ({
      path,
      modelPath: toModelPath(path),
      cluster: path.includes('.west.') ? 'west' : undefined,
      subject: toSubject(text),
    }));
    const owners = matchStatuses(
      Object.entries(all).map(([path, text]) => ({ path, subject: toSubject(text) })),
      places,
    );
    t.deepEqual(Object.fromEntries([...owners].map(([{ path }, owner]) => [path, owner])), expected);
  });
