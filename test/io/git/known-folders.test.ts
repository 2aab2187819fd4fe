/** Which folders of the next tip are read, and which bytes of the last one are still known. */
import test from 'ava';
import { KnownFolders } from '../../../src/io/git/known-folders.ts';
import { editTree, folderMode, toObjectId } from '../../../src/io/git/objects.ts';

const scope = { path: '.', isWanted: (_: string, name: string) => name === 'model.yaml' };

/** A file's text, or a folder. */
interface Files {
  readonly [name: string]: string | Files;
}

/** Tips, and the paths of what is read of them. */
class Tips {
  readonly read: string[] = [];
  readonly #folders: KnownFolders;
  readonly #objects = new Map<string, { readonly path: string; readonly content: Buffer }>();

  constructor(folders: KnownFolders) {
    this.#folders = folders;
  }

  async goTo(files: Files): Promise<void> {
    this.read.length = 0;
    await this.#folders.read(scope, this.add(files), (id) => {
      const { path = '', content = Buffer.alloc(0) } = this.#objects.get(id) ?? {};
      this.read.push(path);
      return content;
    });
  }

  /** @returns the id. */
  add(files: Files, path = '.'): string {
    const entries = new Map<string, { readonly mode: string; readonly oid: string }>();
    for (const [name, inner] of Object.entries(files)) {
      if (typeof inner !== 'string') entries.set(name, { mode: folderMode, oid: this.add(inner, `${path}/${name}`) });
      else entries.set(name, { mode: '100644', oid: toObjectId('blob', Buffer.from(inner)) });
    }
    const { content } = editTree(Buffer.alloc(0), entries);
    const id = toObjectId('tree', content);
    this.#objects.set(id, { path, content });
    return id;
  }
}

const services = { a: { f: 'a', lib: { g: 'a' } }, b: { f: 'b', lib: { g: 'b' } }, models: { 'model.yaml': 'x' } };

test('a folder that has not changed is never read again, although nothing was kept of it', async (t) => {
  const tips = new Tips(new KnownFolders(0));
  await tips.goTo({ docs: { f: 'one' }, services });
  t.is(tips.read.length, 8);
  await tips.goTo({ docs: { f: 'two' }, services });
  t.deepEqual(tips.read, ['.', './docs']);
  await tips.goTo({ docs: { f: 'two' }, services: { ...services, a: { ...services.a, f: 'edited' } } });
  t.deepEqual(tips.read, ['.', './services', './services/a']);
});

test('as many bytes as fit are kept of folders where nothing is wanted, of those that were used last', async (t) => {
  const toFiles = (name: string) => ({ [name]: name });
  // Each takes 29 bytes, and 200 around them.
  const folders = new KnownFolders(2 * 250);
  const tips = new Tips(folders);
  const ids = ['a', 'b', 'c', 'd'].map((name) => tips.add(toFiles(name)));
  const listKnown = (find = folders.toFinder()) => ids.map((id) => find(id) !== undefined);
  await tips.goTo({ model: { 'model.yaml': 'x' }, x: toFiles('a'), y: toFiles('b') });
  t.deepEqual(listKnown(), [true, true, false, false]);
  folders.toFinder()(ids[0] ?? '');
  await tips.goTo({ model: { 'model.yaml': 'x' }, x: toFiles('a'), y: toFiles('c') });
  t.deepEqual(listKnown(), [true, false, true, false]);
  // One that does not fit at all takes the place of none.
  await tips.goTo({ model: { 'model.yaml': 'x' }, x: { ['long'.repeat(100)]: 'file' } });
  t.deepEqual(listKnown(), [true, false, true, false]);
  // What is wanted is known in any case.
  const wanted = tips.add({ 'model.yaml': 'x' });
  t.is(new KnownFolders(0).toFinder()(wanted), undefined);
  t.is(folders.toFinder()(wanted)?.length, 'model.yaml'.length + 28);
});
