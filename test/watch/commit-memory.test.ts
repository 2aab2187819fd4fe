import test from 'ava';
import { CommitMemory } from '../../src/watch/commit-memory.ts';
import type { ModelTexts } from '../../src/watch/model-texts.ts';
import { isSameButStatus, KeptTexts, toModelTree } from '../../src/watch/model-texts.ts';

const toTexts = (text: string): ModelTexts => ({ folder: 'a', files: new Map([['a/model.yaml', text]]) });
const toCommit = (n: number) => ({
  id: `c${n}`,
  head: { author: 'Ada', time: n, subject: `commit ${n}` },
  isStatusOnly: false,
});
const toIds = (memory: CommitMemory, file: string) =>
  memory
    .find(file, toTexts('now'))
    .map(({ commit, texts }) => [commit.id, commit.author, texts.files.get('a/model.yaml')]);

test('a model that nothing has touched is as it was found', (t) => {
  const memory = new CommitMemory();
  memory.begin('c0', 7);
  memory.begin('c1', 8);
  t.deepEqual(toIds(memory, 'a/model.yaml'), [['c0', undefined, 'now']]);
});

test('of a touched one the beginning is what was there before', (t) => {
  const memory = new CommitMemory();
  memory.begin('c0', 7);
  memory.note('a/model.yaml', toTexts('before'), toTexts('after'), toCommit(1));
  t.deepEqual(toIds(memory, 'a/model.yaml'), [
    ['c0', undefined, 'before'],
    ['c1', 'Ada', 'after'],
  ]);
  memory.note('b/model.yaml', undefined, toTexts('new'), toCommit(2));
  t.deepEqual(toIds(memory, 'b/model.yaml'), [['c2', 'Ada', 'new']]);
});

test('however long it runs, it remembers so many of a model and of all', (t) => {
  const memory = new CommitMemory();
  memory.begin('c0', 0);
  for (let n = 1; n <= 100; n++) memory.note('a/model.yaml', toTexts('before'), toTexts(`${n}`), toCommit(n));
  const kept = memory.find('a/model.yaml', toTexts('now'));
  t.is(kept.length, 30);
  t.deepEqual([kept[0]?.commit.id, kept[0]?.commit.author, kept.at(-1)?.commit.id], ['c71', undefined, 'c100']);
  for (let n = 0; n < 15_000; n++) memory.note(`m${n}`, toTexts('before'), toTexts('after'), toCommit(n));
  t.is(memory.find('a/model.yaml', toTexts('now')).length, 1, 'what was touched first is forgotten first');
  t.is(memory.find('m14999', toTexts('now')).length, 2);
  const all = Array.from({ length: 15_000 }, (_, n) => memory.find(`m${n}`, toTexts('now')).length);
  t.is(all.filter((length) => length === 2).length, 10_000);
});

test('it remembers only so much text, however large the files are that people push', (t) => {
  const memory = new CommitMemory();
  memory.begin('c0', 0);
  const large = 'x'.repeat(1024 * 1024);
  for (let n = 1; n <= 200; n++) memory.note(`m${n}`, toTexts(`${large} ${n}`), toTexts(`${n} ${large}`), toCommit(n));
  const lengths = Array.from({ length: 200 }, (_, n) => memory.find(`m${n + 1}`, toTexts('now')).length);
  t.is(lengths.filter((length) => length === 2).length, 31);
  t.is(lengths.at(-1), 2, 'what was touched first is forgotten first');
});

test('a policy that many models share counts once, and no more once it is forgotten', (t) => {
  const memory = new CommitMemory();
  memory.begin('c0', 0);
  const share = (policy: string, own: string): ModelTexts => ({
    folder: 'a',
    files: new Map(Object.entries({ 'policy.yaml': policy, 'a/model.yaml': own })),
  });
  const [first, second] = ['first'.repeat(100_000), 'second'.repeat(100_000)];
  for (let n = 0; n < 5000; n++) memory.note(`m${n}`, share(first, `${n}`), share(second, `${n}`), toCommit(n));
  t.is(memory.find('m0', toTexts('now')).length, 2);
  const large = 'x'.repeat(1024 * 1024);
  for (let n = 0; n < 200; n++) memory.note('m0', undefined, share(second, `${n} ${large}`), toCommit(n));
  t.is(memory.find('m1', toTexts('now')).length, 2);
});

test('a commit that changed nothing of a model but its status is known as such', (t) => {
  const of = (files: Readonly<Record<string, string>>) => ({ folder: 'a', files: new Map(Object.entries(files)) });
  const before = of({ 'policy.yaml': 'p', 'a/model.yaml': 'm', 'a/status.yaml': 's' });
  const is = (files: Readonly<Record<string, string>>) => isSameButStatus(before, of(files), 'a/status.yaml');
  t.true(is({ 'policy.yaml': 'p', 'a/model.yaml': 'm', 'a/status.yaml': 't' }));
  t.true(is({ 'policy.yaml': 'p', 'a/model.yaml': 'm' }));
  t.false(is({ 'policy.yaml': 'q', 'a/model.yaml': 'm', 'a/status.yaml': 't' }));
  t.false(is({ 'a/model.yaml': 'm', 'a/status.yaml': 't' }));
  t.false(is({ 'policy.yaml': 'p', 'a/policy.yaml': 'p', 'a/model.yaml': 'm', 'a/status.yaml': 's' }));
  t.false(is({ 'policy.yaml': 'p', 'a/other.yaml': 'm', 'a/status.yaml': 's' }));
  t.false(isSameButStatus(undefined, before, 'a/status.yaml'));
});

test('of the texts a model gets its own, the policies around it and its status file', (t) => {
  const texts = new KeptTexts();
  for (const path of [
    'policy.yaml',
    'a/policy.yaml',
    'a/b/model.yaml',
    'a/b/x.policy.yaml',
    'a/c/policy.yaml',
    'z/policy.yaml',
  ])
    texts.set(path, path);
  const model = { file: 'a/b/model.yaml', folder: 'a/b', statusFile: 'a/b/status.yaml' };
  const toPaths = (status?: string) => toModelTree(texts.find(model, status)).files.map(({ path }) => path);
  t.deepEqual(toPaths(), ['policy.yaml', 'a/policy.yaml', 'a/b/x.policy.yaml', 'a/b/model.yaml']);
  t.deepEqual(toPaths('status').slice(-1), ['a/b/status.yaml']);
  texts.delete('a/policy.yaml');
  texts.delete('a/b/model.yaml');
  t.deepEqual(toPaths(), ['policy.yaml', 'a/b/x.policy.yaml']);
});
