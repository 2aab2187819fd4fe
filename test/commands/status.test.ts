import test from 'ava';
import type { StatusPorts } from '../../src/commands/status.ts';
import { createStatus } from '../../src/commands/status.ts';
import type { Fault } from '../../src/core/diagnostics/fault.ts';
import { failed, loaded, loading } from '../core/observe/live-objects.ts';
import { folder, MemoryWorld, model, names } from './memory-world.ts';

const { signal } = new AbortController();
const request = { model: undefined, names, cluster: undefined, namespace: undefined };

function toPorts(world: MemoryWorld, ports: Partial<StatusPorts> = {}): StatusPorts {
  return { readFiles: world.readFiles, clock: world.clock, ...ports };
}

test('the cluster from the first apply until the candidate is gone', async (t) => {
  const world = new MemoryWorld();
  const readStatus = createStatus(request, toPorts(world, { listLive: world.listLive }));
  const observe = async () => {
    const { assessments } = await readStatus(signal);
    return assessments.map(({ observed, differences }) => [
      observed?.candidates[0]?.state,
      ...differences.map(({ code }) => code),
    ])[0];
  };
  t.deepEqual(await observe(), ['Missing', 'primary-missing', 'candidate-missing', 'status-behind']);
  world.apply();
  t.deepEqual(await observe(), ['Pending', 'primary-not-ready', 'candidate-not-ready', 'status-behind']);
  world.setStatus(`${model}-0`, loaded);
  t.deepEqual(await observe(), ['Pending', 'candidate-not-ready', 'status-behind']);
  world.setStatus(`${model}-1`, loading);
  t.deepEqual(await observe(), ['Loading', 'candidate-not-ready']);
  world.setStatus(`${model}-1`, failed);
  t.deepEqual(await observe(), ['Failed', 'candidate-failed', 'status-behind']);
  world.setStatus(`${model}-1`, loaded);
  t.deepEqual(await observe(), ['Ready', 'status-behind']);
  world.change('status.yaml', 'state: Loading', 'state: Ready');
  t.deepEqual(await observe(), ['Ready', 'mirror-not-applied']);
  world.apply();
  t.deepEqual(await observe(), ['Ready']);
  world.change('model.yaml', 'wisdom-2', 'wisdom-3');
  t.deepEqual(await observe(), ['Ready', 'mirror-still-open', 'candidate-other-digest']);
  const text = world.files[`${folder}/model.yaml`] ?? '';
  world.change('model.yaml', text.slice(text.indexOf('  candidate:')), '');
  t.deepEqual(await observe(), ['Ready', 'mirror-still-open', 'candidate-leaving']);
  world.applyBeside();
  t.deepEqual(await observe(), ['Ready', 'candidate-leaving']);
  world.apply();
  t.deepEqual(await observe(), [undefined, 'status-behind']);
});

test('the cluster is asked for the namespaces of the models alone', async (t) => {
  const world = new MemoryWorld('every-difference');
  const asked: string[][] = [];
  const listLive = async (namespaces: readonly string[]) => {
    asked.push([...namespaces]);
    return [];
  };
  await createStatus(request, toPorts(world, { listLive }))(signal);
  t.deepEqual(asked, [['modelmesh-serving']]);
});

test('without any namespace the cluster cannot be read', async (t) => {
  const world = new MemoryWorld();
  world.change('model.yaml', '  namespace: modelmesh-serving\n', '');
  const ports = toPorts(world, { listLive: world.listLive });
  t.is(
    (await createStatus(request, ports)(signal)).assessments[0]?.namespace,
    'modelmesh-serving',
    'of the status file',
  );
  const { [`${folder}/status.yaml`]: _, ...files } = world.files;
  world.files = files;
  const fault = await t.throwsAsync<Fault>(createStatus(request, ports)(signal));
  t.is(fault?.code, 'usage');
  const named = await createStatus({ ...request, namespace: 'models' }, ports)(signal);
  t.is(named.assessments[0]?.namespace, 'models');
});

test('one model, by its name; errors of others do not matter', async (t) => {
  const world = new MemoryWorld();
  world.files = { ...world.files, 'models/other/model.yaml': 'broken' };
  const one = await createStatus({ ...request, model }, toPorts(world))(signal);
  t.deepEqual(one.problems, []);
  t.is(one.assessments.length, 1);
  const all = await createStatus(request, toPorts(world))(signal);
  t.true(all.problems.length > 0);
  t.is(all.assessments.length, 1);
  const none = await createStatus({ ...request, model: 'nobody' }, toPorts(world))(signal);
  t.true(none.problems.some(({ code }) => code === 'unknown-model'));
  world.files = {};
  const empty = await createStatus(request, toPorts(world))(signal);
  t.deepEqual(
    empty.problems.map(({ code }) => code),
    ['no-model'],
  );
});

test('what is only in this clone comes first, and changes nothing at another revision', async (t) => {
  const world = new MemoryWorld();
  const step = { code: 'run', commands: [{ words: ['push'] }] } as const;
  const findPending = async () => (files: readonly string[]) => ({
    uncommitted: [],
    unpushed: files,
    step,
    canPush: true,
  });
  const here = await createStatus(request, toPorts(world, { findPending }))(signal);
  const pending = { code: 'push', files: [`${folder}/model.yaml`], step } as const;
  t.deepEqual(here.pending, pending);
  t.deepEqual(here.assessments[0]?.next, pending);
  const readFiles: StatusPorts['readFiles'] = async (one) => ({
    ...(await world.readFiles(one)),
    revision: { name: 'origin/main', commit: '0123' },
  });
  const there = await createStatus(request, toPorts(world, { readFiles, findPending }))(signal);
  t.deepEqual(there.pending, pending);
  t.is(there.assessments[0]?.next.code, 'wait-for-load');
});

test('clusters with status files are named unless one was chosen', async (t) => {
  const world = new MemoryWorld();
  const { [`${folder}/status.yaml`]: text = '', ...files } = world.files;
  world.files = { ...files, [`${folder}/status.west.yaml`]: text, [`${folder}/status.east.yaml`]: text };
  const next = async (cluster: string | undefined) =>
    (await createStatus({ ...request, cluster }, toPorts(world))(signal)).assessments[0]?.next;
  t.deepEqual(await next(undefined), { code: 'choose-cluster', clusters: ['east', 'west'] });
  t.is((await next('west'))?.code, 'wait-for-load');
  t.is((await next('north'))?.code, 'wait-for-status');
});
