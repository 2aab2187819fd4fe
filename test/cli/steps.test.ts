/** Each next step that is printed is run as it is, in clones with unusual names and from other folders. */
import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pick } from '../thorough.ts';
import type { Repository } from './clone.ts';
import { clone, policy, toPolicy } from './clone.ts';

const isZero = (text: string) => text.includes('mirrorPercentage: 0');

const names = [
  'a b',
  "it's",
  '"quoted"',
  '$HOME `date` $(date)',
  '-m',
  '--all',
  ':(top)x',
  'a*[b]?',
  'line\nbreak',
  'tab\tand \u202e',
  '100%\\n',
  '~',
  '=ls',
  '#1 [skip ci]',
  'ü',
];

/** A clone whose models are in a folder of this name. */
function setUp(t: ExecutionContext, name: string): Repository {
  const repository = clone(t);
  const { folder, git } = repository;
  renameSync(join(folder, 'models'), join(folder, name));
  git('add', '--all', '--', 'models', `:(literal)${name}`);
  git('commit', '--quiet', '--message', 'moved', '--', 'models', `:(literal)${name}`);
  git('push', '--quiet');
  return repository;
}

const stepOf = (text: string) => /^Next: (.*)$/m.exec(text)?.[1] ?? '';
const firstOf = (text: string) => /^First: .*?: `(.*)`$/m.exec(text)?.[1] ?? '';

for (const name of pick(names, 8))
  test(`a folder called ${JSON.stringify(name)}`, async (t) => {
    const { run, shell, put, git, at } = setUp(t, name);
    const own = `${name}/wisdom/policy.yaml`;
    const outer = `${name}/policy.yaml`;
    const pushed = (path: string) => git('show', `origin/main:${path}`);
    // What was edited.
    shell(stepOf((await run('mirror', 'wisdom', '0')).out));
    t.true(isZero(pushed(own)));
    // What was edited by hand, with a file that is new, from here and from another folder.
    put(own, toPolicy(30));
    put(outer, toPolicy(50));
    put('.git/info/exclude', 'policy.yaml\n');
    shell(firstOf((await run('status')).out));
    t.is(pushed(own), toPolicy(30));
    t.is(pushed(outer), toPolicy(50));
    const inner = at(`${name}/wisdom`);
    put(own, toPolicy(31));
    inner.shell(firstOf((await inner.run('explain', 'wisdom')).out));
    t.is(pushed(own), toPolicy(31));
    // From outside of the clone.
    const outside = at('..');
    put(own, toPolicy(32));
    outside.shell(firstOf((await outside.run('status', '--path', `clone/${name}`)).out));
    t.is(pushed(own), toPolicy(32));
    outside.shell(stepOf((await outside.run('mirror', 'wisdom', '0', '--path', 'clone')).out));
    t.true(isZero(pushed(own)));
    // What is only committed.
    t.is((await outside.run('mirror', 'wisdom', '1', '--path', 'clone', '--commit')).code, 0);
    outside.shell(firstOf((await outside.run('explain', 'wisdom', '--path', 'clone')).out));
    t.is(git('rev-parse', 'main'), git('rev-parse', 'origin/main'));
    // What is not committed with it is left alone.
    t.is(git('diff', '--name-only', 'HEAD'), 'other.yaml\nstaged.yaml\n');
  });

for (const name of pick(names, 8))
  test(`a clone called ${JSON.stringify(name)}`, async (t) => {
    const plain = clone(t);
    renameSync(plain.folder, join(plain.folder, '..', name));
    const outside = plain.at('..');
    const { git } = plain.at(`../${name}`);
    for (const [i, words] of [['0'], ['1', '--commit'], ['2', '--branch', 'topic']].entries()) {
      const { out, code } = await outside.run('mirror', 'wisdom', ...words, '--path', `./${name}`);
      t.is(code, 0);
      outside.shell(stepOf(out));
      t.true(git('show', `@{push}:${policy}`).includes(`mirrorPercentage: ${i}`));
    }
    // In a clone beside it, git would take the wrong one.
    cpSync(join(outside.folder, name), join(outside.folder, 'beside'), { recursive: true });
    const beside = outside.at('beside');
    const { out } = await beside.run('mirror', 'wisdom', '3', '--path', `../${name}/models`);
    beside.shell(stepOf(out));
    t.true(git('show', `@{push}:${policy}`).includes('mirrorPercentage: 3'));
    t.is(beside.git('rev-parse', 'HEAD'), git('rev-parse', 'HEAD~1'));
  });

test('branches and remotes with unusual names', async (t) => {
  for (const name of ["it's;$(true)", 'ü', 'a#b', '(x)', 'v1']) {
    const { git, run, shell } = clone(t);
    git('tag', 'v1');
    git('remote', 'rename', 'origin', 'company.x/y');
    t.is((await run('mirror', 'wisdom', '0', '--branch', name)).code, 0);
    shell(stepOf((await run('mirror', 'wisdom', '0')).out));
    t.is(git('rev-parse', 'HEAD'), git('rev-parse', '@{push}'), name);
    t.is(git('branch', '--show-current'), `${name}\n`);
  }
});

test('a new branch gets a name that is free', async (t) => {
  const { git, run, shell } = clone(t);
  git('branch', 'wisdom-mirror-0');
  git('branch', 'wisdom-mirror-0-2/x');
  git('checkout', '--quiet', '--detach');
  const { out } = await run('mirror', 'wisdom', '0');
  t.regex(out, /^Next: git switch --create wisdom-mirror-0-3 && git commit -m 'wisdom: mirror 0 %' \S+$/m);
  shell(stepOf(out));
  t.is(git('branch', '--show-current'), 'wisdom-mirror-0-3\n');
  shell(stepOf((await run('mirror', 'wisdom', '0')).out));
  t.is(git('rev-parse', 'HEAD'), git('rev-parse', 'wisdom-mirror-0-3@{upstream}'));
});

test('no line finishes a merge that has other conflicts', async (t) => {
  const { git, run, shell, put } = clone(t);
  git('reset', '--quiet', '--hard');
  for (const [branch, value] of [
    ['side', 40],
    ['main', 30],
  ] as const) {
    git('checkout', '--quiet', ...(branch === 'side' ? ['-b', branch] : [branch]));
    put(policy, toPolicy(value));
    put('other.yaml', `a: ${value}\n`);
    git('commit', '--quiet', '--message', branch, '--all');
  }
  t.throws(() => git('merge', 'side'));
  put(policy, toPolicy(30));
  const { out } = await run('mirror', 'wisdom', '0');
  t.regex(out, /^A merge is not finished here: resolve the conflicts in other\.yaml first\.$/m);
  t.is(stepOf(out), '');
  t.regex((await run('status')).out, /^First: commit and push \S+: a merge is not finished here: resolve the /);
  put('other.yaml', 'a: 35\n');
  git('add', 'other.yaml');
  shell(stepOf((await run('mirror', 'wisdom', '0')).out));
  t.true(isZero(git('show', `origin/main:${policy}`)));
  t.is(git('log', '-1', '--format=%s'), "Merge branch 'side'\n");
});

test('a new policy is added, even an ignored one', async (t) => {
  const { git, run, shell, folder, put } = clone(t);
  git('rm', '--quiet', policy);
  git('commit', '--quiet', '--message', 'no policy', policy);
  mkdirSync(join(folder, 'models/wisdom'), { recursive: true });
  put('.git/info/exclude', 'policy.yaml\n');
  shell(stepOf((await run('mirror', 'wisdom', '0', '--here')).out));
  t.true(isZero(git('show', `origin/main:${policy}`)));
  rmSync(join(folder, policy));
  shell(firstOf((await run('status')).out));
  t.throws(() => git('show', `origin/main:${policy}`));
});

test('the line that init prints commits and pushes what it wrote', async (t) => {
  for (const [dir, place] of [
    ['models/new', '.'],
    ['others/and more', '.'],
    ['-m/new', '.'],
    ['new', 'models'],
    ['models', 'models/wisdom'],
  ] as const) {
    const repository = clone(t);
    const { git, folder, put } = repository;
    mkdirSync(join(folder, 'models/mine'), { recursive: true });
    put('models/mine/notes', 'mine\n');
    put('.git/info/exclude', '.model-mirror\n');
    const here = repository.at(place);
    const words = ['init', 'fresh', '--format', 'sklearn', '--storage-uri', 's3://models/v1', '--version', 'v1'];
    const at = dir === 'models' ? '..' : dir;
    const { out, code, err } = await here.run(
      ...words,
      '--namespace',
      'a',
      '--dir',
      dir.startsWith('-') ? `./${at}` : at,
    );
    t.is(code, 0, err);
    here.shell(stepOf(out));
    const found = git('diff', '-z', '--name-only', 'origin/main~1', 'origin/main').split('\0');
    const inner = dir === 'models' ? 'models' : join(place, dir);
    t.deepEqual(
      found.filter((path) => path !== ''),
      [
        '.model-mirror/model.schema.json',
        '.model-mirror/policy.schema.json',
        `${inner}/model.yaml`,
        `${inner}/policy.yaml`,
      ].sort(),
    );
    t.is(git('log', '-1', '--format=%s'), 'fresh: new model\n');
  }
});
