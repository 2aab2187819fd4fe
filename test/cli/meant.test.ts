/** How a model is named: from any folder of the repository, by its name or by a path. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Repository } from './clone.ts';
import { clone, policy } from './clone.ts';

/** How `status` and `history` call the model that is meant; what they say when none or several are. */
async function find(repository: Repository, name: string): Promise<string> {
  const { out, err } = await repository.run('status', name, '--output', 'json');
  if (err !== '') return err.split('\n')[0] ?? '';
  return JSON.parse(out)
    .models.map(({ file }: { file: string }) => file)
    .join();
}

const wisdom = 'models/wisdom/model.yaml';

test('a model is found by the path of its file or folder, from here or from the repository’s root', async (t) => {
  const repository = clone(t);
  mkdirSync(join(repository.folder, 'docs'));
  for (const [folder, ...names] of [
    ['.', 'wisdom', 'models/wisdom', 'models/wisdom/', './models/wisdom', wisdom],
    ['models', 'wisdom', 'wisdom/', 'wisdom/model.yaml', 'models/wisdom', wisdom],
    ['models/wisdom', 'wisdom', '.', 'model.yaml', '../wisdom', '../../models/wisdom', 'models/wisdom'],
    ['docs', 'wisdom', 'modelmesh-serving/wisdom', '../models/wisdom', 'models/wisdom/', wisdom],
  ])
    for (const name of names) t.is(await find(repository.at(folder ?? ''), name), wisdom, `${folder}: ${name}`);
  for (const nothing of ['models', 'model', policy, 'models/wisdom/status.yaml', 'docs', '..'])
    t.regex(await find(repository, nothing), /\[unknown-model\]$/, nothing);
});

test('every command finds a model in this way', async (t) => {
  const repository = clone(t);
  mkdirSync(join(repository.folder, 'docs'));
  const docs = repository.at('docs');
  for (const name of ['wisdom', '../models/wisdom', 'models/wisdom/']) {
    for (const words of [
      ['explain', name],
      ['status', name, '--revision', 'HEAD'],
      ['history', name],
      ['mirror', name, '30', '--dry-run'],
      ['brake', name, '--dry-run'],
      ['candidate', 'set', name, '--version', 'v9', '--dry-run'],
      ['promote', name, '--dry-run'],
      ['discard', name, '--dry-run'],
    ]) {
      const { code, out, err } = await docs.run(...words);
      t.is(code, 0, `${words.join(' ')}: ${err}`);
      t.regex(out, /\bwisdom\b/);
    }
  }
  t.is((await docs.run('mirror', 'wisdom', '30', '--commit')).code, 0);
  t.is(repository.git('diff', '--name-only', 'HEAD~1', 'HEAD'), `${policy}\n`);
});

test('models that name no namespace are suggested by name alone', async (t) => {
  const repository = clone(t);
  repository.put(wisdom, repository.read(wisdom).replace(/^ {2}namespace: .*\n|, namespace: [^,}]+/m, ''));
  const { err } = await repository.run('explain', 'nowhere/at-all');
  t.regex(err, /there is wisdom; pass another folder/);
});

test('the nearest model is used; elsewhere it must be the only one', async (t) => {
  const repository = clone(t);
  const { folder } = repository;
  cpSync(join(folder, 'models'), join(folder, 'others'), { recursive: true });
  mkdirSync(join(folder, 'docs'));
  t.is(await find(repository.at('others'), 'wisdom'), 'others/wisdom/model.yaml');
  t.is(await find(repository.at('models'), 'wisdom'), wisdom);
  t.is(await find(repository.at('others'), '../models/wisdom'), wisdom);
  t.regex(await find(repository.at('docs'), 'wisdom'), /several models are called "wisdom": \S+, \S+$/m);
  // Who names a folder means that one alone.
  const named = await repository.at('docs').run('status', 'wisdom', '--path', '../models');
  t.is(named.code, 0);
  const elsewhere = await repository.run('status', 'wisdom', '--path', 'docs');
  t.is(elsewhere.code, 1);
  rmSync(join(folder, 'others'), { recursive: true });
});
