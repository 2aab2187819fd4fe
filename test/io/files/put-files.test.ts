import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { putFiles } from '../../../src/io/files/put-files.ts';

const root = mkdtempSync(join(tmpdir(), 'model-mirror-put-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

test('files are created and replaced with the folders around them, and equal ones left alone', (t) => {
  const folder = join(root, 'whole');
  mkdirSync(folder);
  writeFileSync(join(folder, 'old'), 'before');
  writeFileSync(join(folder, 'same'), 'same');
  const { ino } = statSync(join(folder, 'same'));
  putFiles([
    { path: join(folder, 'a/b/new'), text: 'new' },
    { path: join(folder, 'old'), text: 'after' },
    { path: join(folder, 'same'), text: 'same' },
  ]);
  t.is(readFileSync(join(folder, 'a/b/new'), 'utf8'), 'new');
  t.is(readFileSync(join(folder, 'old'), 'utf8'), 'after');
  t.is(statSync(join(folder, 'same')).ino, ino);
});

test('when one cannot be written, all is as it was', (t) => {
  const folder = join(root, 'broken');
  mkdirSync(join(folder, 'kept'), { recursive: true });
  writeFileSync(join(folder, 'old'), 'before');
  writeFileSync(join(folder, 'file'), 'in the way');
  const files = [
    { path: join(folder, 'old'), text: 'after' },
    { path: join(folder, 'kept/a/b/new'), text: 'new' },
    { path: join(folder, 'new'), text: 'new' },
  ];
  for (const broken of [join(folder, 'file/inside'), join(folder, 'kept')]) {
    t.throws(() => putFiles([...files, { path: broken, text: '' }]), { name: 'Fault' });
    t.is(readFileSync(join(folder, 'old'), 'utf8'), 'before');
    t.deepEqual(readdirSync(folder).sort(), ['file', 'kept', 'old']);
    t.false(existsSync(join(folder, 'kept/a')));
  }
});
