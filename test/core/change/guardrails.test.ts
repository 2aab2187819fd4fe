import test from 'ava';
import { findGuardrailRisks } from '../../../src/core/change/guardrails.ts';
import type { Files } from '../render/memory-tree.ts';
import { toMemoryTree } from '../render/memory-tree.ts';

const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
const toFiles = (spec: string): Files => ({
  'policy.yaml': `${head}kind: MirrorPolicy\nmetadata: {name: all}\nspec: ${spec}\n`,
});
const toStatus = (state: string): string =>
  `${head}kind: ModelStatus\nmetadata: {name: wisdom, namespace: models}\nstatus: {candidates: [{name: wisdom-1, state: ${state}}]}\n`;

/** The risks without their places in the file. */
function find(before: Files, after: Files): unknown[] {
  return findGuardrailRisks(toMemoryTree(before), toMemoryTree(after)).map(
    ({ line: _line, column: _column, ...risk }) => risk,
  );
}

const policy = { file: 'policy.yaml', code: 'guardrail-touched', cause: 'policy-edited', model: undefined };
const status = { file: 'status.yaml', code: 'status-edited', model: undefined };

test('a limit that is added, changed or removed, and the gate', (t) => {
  const field = 'limits.maxMirrorPercentage';
  const none = toFiles('{}');
  const low = toFiles('{limits: {maxMirrorPercentage: 20}}');
  const high = toFiles('{limits: {maxMirrorPercentage: 80}}');
  t.deepEqual(find(none, low), [{ ...policy, field, from: undefined, to: '20' }]);
  t.deepEqual(find(low, high), [{ ...policy, field, from: '20', to: '80' }]);
  t.deepEqual(find(high, {}), [{ ...policy, field, from: '80', to: undefined }]);
  t.deepEqual(find(none, toFiles('{gate: None}')), [{ ...policy, field: 'gate', from: 'Status', to: 'None' }]);
  const prefixes = toFiles('{limits: {storageUriPrefixes: ["s3://a/", "s3://b/"]}}');
  t.deepEqual(find(none, prefixes), [
    { ...policy, field: 'limits.storageUriPrefixes', from: undefined, to: 's3://a/, s3://b/' },
  ]);
});

test('other fields of a policy are not guardrails', (t) => {
  t.deepEqual(find(toFiles('{mirrorPercentage: 20}'), toFiles('{mirrorPercentage: 90}')), []);
});

test('a status file that is edited, or added with a candidate that is Ready', (t) => {
  const toStatusFile = (state: string): Files => ({ 'status.yaml': toStatus(state) });
  t.deepEqual(find(toStatusFile('Loading'), toStatusFile('Ready')), [status]);
  t.deepEqual(find(toStatusFile('Ready'), toStatusFile('Failed')), [status]);
  t.deepEqual(find({}, toStatusFile('Ready')), [status]);
  t.deepEqual(find({}, toStatusFile('Loading')), []);
  t.deepEqual(find(toStatusFile('Ready'), {}), []);
});

test('a status file with candidates that is removed while its model stays takes a verdict with it', (t) => {
  const model = 'not read';
  for (const [own, other] of [
    ['status.yaml', 'x.status.yaml'],
    ['status.east.yaml', 'x.status.east.yaml'],
  ] as const) {
    const files = { 'a/model.yaml': model, [`a/${own}`]: toStatus('Ready'), [`a/${other}`]: toStatus('Ready') };
    t.deepEqual(find(files, { 'a/model.yaml': model }), [{ ...status, file: `a/${own}` }]);
    t.deepEqual(find(files, { 'b/model.yaml': model }), []);
  }
  const empty = `${head}kind: ModelStatus\nmetadata: {name: wisdom, namespace: models}\nstatus: {}\n`;
  t.deepEqual(find({ 'model.yaml': model, 'status.yaml': empty }, { 'model.yaml': model }), []);
});

test('a status file that moves unchanged, or has other line ends, is not a risk', (t) => {
  const text = toStatus('Ready');
  t.deepEqual(find({ 'a/status.yaml': text }, { 'b/status.yaml': text }), []);
  t.deepEqual(find({ 'status.yaml': text }, { 'status.yaml': text.replaceAll('\n', '\r\n') }), []);
});
