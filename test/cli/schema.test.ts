/** `schema --to`: the files that editors find without a network. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runInProcess } from './in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-schema-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('one file for each kind is written, with what the command prints', async (t) => {
  const names = ['model.schema.json', 'policy.schema.json', 'status.schema.json'];
  const { code, out } = await runInProcess(folder, {}, ['schema', '--to', 'a/b']);
  t.deepEqual([code, out.trim().split('\n')], [0, names.map((name) => join('a/b', name))]);
  t.deepEqual(readdirSync(join(folder, 'a/b')).sort(), names);
  for (const [i, kind] of ['Model', 'MirrorPolicy', 'ModelStatus'].entries())
    t.is(
      readFileSync(join(folder, 'a/b', names[i] ?? ''), 'utf8'),
      (await runInProcess(folder, {}, ['schema', kind])).out,
    );
});

test('a kind alone is written alone, and a folder that cannot be made is named', async (t) => {
  t.is((await runInProcess(folder, {}, ['schema', 'model', '--to', 'one'])).code, 0);
  t.deepEqual(readdirSync(join(folder, 'one')), ['model.schema.json']);
  const { code, err } = await runInProcess(folder, {}, ['schema', '--to', 'one/model.schema.json/x']);
  t.is(code, 3);
  t.regex(err, /model\.schema\.json\/x cannot be made: not a directory/);
});
