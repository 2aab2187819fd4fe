import test from 'ava';
import { readTemplateWrites } from '../../../../src/core/serving/standard/template-writes.ts';

/** As API servers 1.36 record them of a Deployment that KServe 0.20.0 made. */
const template = {
  'f:metadata': { 'f:annotations': { '.': {}, 'f:model-mirror.dev/digest': {} }, 'f:labels': { '.': {}, 'f:app': {} } },
  'f:spec': {
    'f:containers': {
      'k:{"name":"kserve-container"}': { '.': {}, 'f:image': {}, 'f:args': {}, 'f:name': {} },
    },
  },
};
const kserve = {
  manager: 'manager',
  operation: 'Update',
  time: '2026-11-26T10:00:00Z',
  fieldsV1: {
    'f:metadata': { 'f:ownerReferences': { '.': {} } },
    'f:spec': { 'f:progressDeadlineSeconds': {}, 'f:template': template },
  },
};
const controller = {
  manager: 'kube-controller-manager',
  operation: 'Update',
  subresource: 'status',
  time: '2026-11-26T10:00:09Z',
  fieldsV1: { 'f:status': { 'f:replicas': {} } },
};
const autoscaler = {
  manager: 'horizontal',
  operation: 'Update',
  subresource: 'scale',
  time: '2026-11-26T10:00:09Z',
  fieldsV1: { 'f:spec': { 'f:replicas': {} } },
};
const without = (key: 'f:image' | 'f:args') => {
  const own = structuredClone(kserve);
  delete (
    own.fieldsV1['f:spec']['f:template']['f:spec']['f:containers']['k:{"name":"kserve-container"}'] as Record<
      string,
      object
    >
  )[key];
  return own;
};
const edit = (fields: object, manager = 'kubectl-set') => ({
  manager,
  operation: 'Update',
  time: '2026-11-26T10:05:00Z',
  fieldsV1: {
    'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"kserve-container"}': fields } } } },
  },
});
const read = (...managedFields: object[]) => readTemplateWrites({ metadata: { managedFields } });

test('KServe alone writes a Deployment that nobody edits, whatever scales it and writes its status', (t) => {
  t.deepEqual(read(kserve, controller, autoscaler), { at: '2026-11-26T10:00:00Z', editor: undefined });
});

test('who changes the image or adds a variable shows, until KServe has taken the field back', (t) => {
  t.deepEqual(read(without('f:image'), controller, edit({ 'f:image': {} })), {
    at: '2026-11-26T10:05:00Z',
    editor: 'kubectl-set',
  });
  t.is(read(kserve, edit({ 'f:env': { 'k:{"name":"MODE"}': {} } }, 'kubectl-edit'))?.editor, 'kubectl-edit');
  t.is(read({ ...kserve, time: '2026-11-26T10:06:00Z' }, controller)?.editor, undefined);
});

test('a field that KServe has as well has KServe’s value', (t) => {
  t.is(read(kserve, { ...edit({ 'f:image': {} }), operation: 'Apply' })?.editor, undefined);
});

test('a template that is put back as a whole is who did it, though our digest is in it', (t) => {
  const undo = edit({ 'f:image': {}, 'f:args': {} }, 'kubectl');
  t.is(read(without('f:image'), undo)?.editor, 'kubectl');
});

test('without a record nothing is known, and whatever others wrote, reading it does not fail', (t) => {
  for (const value of [
    undefined,
    {},
    { metadata: { managedFields: 3 } },
    { metadata: { managedFields: [3, null, {}] } },
  ])
    t.is(readTemplateWrites(value), undefined);
});
