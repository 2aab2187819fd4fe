import test from 'ava';
import { toFieldText } from '../../../src/core/diagnostics/problem.ts';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { suggest } from '../../../src/core/diagnostics/suggest.ts';
import { toFileRole, toStatusName } from '../../../src/core/input/file-role.ts';
import { isWithin, toFolderChain, toFoundFile } from '../../../src/core/input/folder-tree.ts';

test('file names', (t) => {
  t.deepEqual(toFileRole('model.yaml'), { kind: 'Model', stem: '' });
  t.deepEqual(toFileRole('a.b.model.yaml'), { kind: 'Model', stem: 'a.b' });
  t.deepEqual(toFileRole('policy.yaml'), { kind: 'MirrorPolicy', stem: '' });
  t.deepEqual(toFileRole('x.policy.yaml'), { kind: 'MirrorPolicy', stem: 'x' });
  t.deepEqual(toFileRole('x.model.yml'), { kind: 'misnamed', rightName: 'x.model.yaml' });
  for (const name of ['status.yaml', 'status.east.yaml', 'x.status.yaml', 'x.status.east.yaml'])
    t.deepEqual(toFileRole(name), { kind: 'ModelStatus' });
  t.deepEqual(toFileRole('Model.yaml'), { kind: 'misnamed', rightName: 'model.yaml' });
  for (const name of ['datamodel.yaml', 'model.yaml.bak', 'models.yaml', '.yaml']) t.is(toFileRole(name), undefined);
});

test('status files lie beside their model', (t) => {
  t.is(toStatusName('', undefined), 'status.yaml');
  t.is(toStatusName('', 'east'), 'status.east.yaml');
  t.is(toStatusName('x', undefined), 'x.status.yaml');
  t.is(toStatusName('x', 'east'), 'x.status.east.yaml');
});

test('folders', (t) => {
  t.deepEqual(toFoundFile('model.yaml'), { path: 'model.yaml', folder: '.', name: 'model.yaml' });
  t.deepEqual(toFoundFile('a/b/model.yaml'), { path: 'a/b/model.yaml', folder: 'a/b', name: 'model.yaml' });
  t.deepEqual(toFolderChain('.'), ['.']);
  t.deepEqual(toFolderChain('a/b'), ['.', 'a', 'a/b']);
  t.true(isWithin('a/b', 'a'));
  t.true(isWithin('a', '.'));
  t.true(isWithin('a', 'a'));
  t.false(isWithin('ab', 'a'));
});

test('fields', (t) => {
  t.is(toFieldText(['spec', 'http', 0, 'a.b/c']), safe`spec.http[0]["a.b/c"]`);
});

test('suggestions are near, and only near', (t) => {
  const known = ['mirrorPercentage', 'gate', 'routing', 'limits', 'patches'];
  t.is(suggest('mirorPercentage', known), 'mirrorPercentage');
  t.is(suggest('mirrorpercentage', known), 'mirrorPercentage');
  t.is(suggest('gaet', known), 'gate');
  t.is(suggest('colour', known), undefined);
  t.is(suggest('', known), undefined);
});
