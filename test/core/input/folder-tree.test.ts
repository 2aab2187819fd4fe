import test from 'ava';
import { isWithin, toFolderChain, toFoundFile, toPath, toSibling } from '../../../src/core/input/folder-tree.ts';

test('a path is split into folder and name, and joined again', (t) => {
  t.deepEqual(toFoundFile('model.yaml'), { path: 'model.yaml', folder: '.', name: 'model.yaml' });
  t.deepEqual(toFoundFile('a/b/model.yaml'), { path: 'a/b/model.yaml', folder: 'a/b', name: 'model.yaml' });
  for (const path of ['model.yaml', 'a/b/model.yaml'])
    t.is(toPath(toFoundFile(path).folder, toFoundFile(path).name), path);
});

test('a sibling is in the same folder', (t) => {
  t.is(toSibling(toFoundFile('model.yaml'), 'status.yaml'), 'status.yaml');
  t.is(toSibling(toFoundFile('a/b/model.yaml'), 'status.yaml'), 'a/b/status.yaml');
});

test('the chain of a folder goes from the root to the folder', (t) => {
  t.deepEqual(toFolderChain('.'), ['.']);
  t.deepEqual(toFolderChain('a/b'), ['.', 'a', 'a/b']);
});

test('a folder is within itself and the folders around it, not beside a longer name', (t) => {
  t.true(isWithin('a/b', 'a'));
  t.true(isWithin('a', '.'));
  t.true(isWithin('a', 'a'));
  t.false(isWithin('ab', 'a'));
  t.false(isWithin('a', 'a/b'));
});
