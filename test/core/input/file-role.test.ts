import test from 'ava';
import { isOfWatcher, toFileRole, toStatusCluster, toStatusName } from '../../../src/core/input/file-role.ts';

test('models and policies, with and without a stem', (t) => {
  t.deepEqual(toFileRole('model.yaml'), { kind: 'Model', stem: '' });
  t.deepEqual(toFileRole('a.b.model.yaml'), { kind: 'Model', stem: 'a.b' });
  t.deepEqual(toFileRole('policy.yaml'), { kind: 'MirrorPolicy', stem: '' });
  t.deepEqual(toFileRole('x.policy.yaml'), { kind: 'MirrorPolicy', stem: 'x' });
});

test('almost the right name', (t) => {
  t.deepEqual(toFileRole('x.model.yml'), { kind: 'misnamed', rightName: 'x.model.yaml' });
  t.deepEqual(toFileRole('Model.yaml'), { kind: 'misnamed', rightName: 'model.yaml' });
  t.deepEqual(toFileRole('POLICY.YML'), { kind: 'misnamed', rightName: 'policy.yaml' });
});

test('files of others', (t) => {
  for (const name of ['datamodel.yaml', 'model.yaml.bak', 'models.yaml', '.yaml', 'status.yml', 'README.md'])
    t.is(toFileRole(name), undefined, name);
});

for (const stem of ['', 'x', 'a.b'])
  for (const cluster of [undefined, 'east'])
    test(`the status file of stem "${stem}" and cluster ${cluster} is recognized again`, (t) => {
      const name = toStatusName(stem, cluster);
      t.deepEqual(toFileRole(name), { kind: 'ModelStatus' });
      t.true(isOfWatcher(name));
      t.is(toStatusCluster(name), cluster);
    });

test('names of status files', (t) => {
  t.is(toStatusName('', undefined), 'status.yaml');
  t.is(toStatusName('', 'east'), 'status.east.yaml');
  t.is(toStatusName('x', undefined), 'x.status.yaml');
  t.is(toStatusName('x', 'east'), 'x.status.east.yaml');
});

test('the watcher also writes pages, and no other file', (t) => {
  for (const name of ['STATUS.md', 'STATUS.east.md']) t.true(isOfWatcher(name), name);
  for (const name of ['status.md', 'STATUS.a.b.md', 'model.yaml', 'policy.yaml', 'README.md'])
    t.false(isOfWatcher(name), name);
});
