import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { isFault } from '../../../src/core/diagnostics/fault.ts';
import { isFilePresent, isLink, replaceFile, toFutureFolder } from '../../../src/io/files/edited-file.ts';

function makeFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-edited-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a file is replaced as a whole, with its permissions, and nothing else is left', (t) => {
  const folder = makeFolder(t);
  const file = join(folder, 'model.yaml');
  replaceFile(file, undefined, 'a: 1\n');
  chmodSync(file, 0o751);
  replaceFile(file, 'a: 1\n', 'a: 2\n');
  t.is(readFileSync(file, 'utf8'), 'a: 2\n');
  t.is(statSync(file).mode & 0o7777, 0o751);
  t.deepEqual(readdirSync(folder), ['model.yaml']);
});

test('a file that is not as expected, or cannot be written, stays as it is', (t) => {
  const folder = makeFolder(t);
  const file = join(folder, 'model.yaml');
  writeFileSync(file, 'by another program');
  for (const before of [undefined, 'a: 1\n']) {
    const error = t.throws(() => replaceFile(file, before, 'a: 2\n'));
    t.true(isFault(error) && error.code === 'environment');
  }
  t.true(isFault(t.throws(() => replaceFile(join(folder, 'none/model.yaml'), undefined, 'a: 2\n'))));
  t.is(readFileSync(file, 'utf8'), 'by another program');
  t.deepEqual(readdirSync(folder), ['model.yaml']);
});

test('a link that leads nowhere is in the way of a file and of a folder', (t) => {
  const folder = makeFolder(t);
  symlinkSync('nowhere', join(folder, 'link'));
  t.true(isLink(join(folder, 'link')));
  t.true(isFilePresent(join(folder, 'link')));
  t.false(isFilePresent(join(folder, 'link/below')));
  t.true(isFault(t.throws(() => toFutureFolder(join(folder, 'link/below')))));
  symlinkSync(folder, join(folder, 'back'));
  t.is(toFutureFolder(join(folder, 'back/a/b')), toFutureFolder(join(folder, 'a/b')));
});
