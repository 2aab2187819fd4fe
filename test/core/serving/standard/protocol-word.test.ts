import test from 'ava';
import type { Protocol } from '../../../../src/core/input/schema.ts';
import type { InferenceService } from '../../../../src/core/serving/serving-mode.ts';
import { checkProtocolWord } from '../../../../src/core/serving/standard/protocol-word.ts';

const ports = [{ name: 'http', containerPort: 8080 }];
const model = { modelFormat: { name: 'sklearn' } };
const bare = { predictor: { model } };
const declared = { predictor: { model: { ...model, ports } } };
const transformed = (predictor: object, container: object = {}) => ({
  ...predictor,
  transformer: { containers: [{ image: 'example.com/t:1', ...container }] },
});

/** Codes and severities. */
function check(word: string, spec: object, protocols: readonly Protocol[] = ['rest']): string[] {
  const metadata = { name: `${word}-wisdom-0`, namespace: 'ml', labels: {} };
  return checkProtocolWord({ metadata, spec } as unknown as InferenceService, protocols).map(
    ({ code, severity, path }) => `${severity} ${code} ${path.join('.')}`,
  );
}

const error = ['error name-refused metadata.name'];
const warning = ['warning name-refused metadata.name'];

test('a port that is taken for HTTP/2 is refused where HTTP/1.1 arrives', (t) => {
  for (const word of ['grpc', 'http2']) {
    t.deepEqual(check(word, bare), error);
    t.deepEqual(check(word, bare, ['grpc', 'openai']), error);
    t.deepEqual(check(word, bare, ['grpc']), warning);
    t.deepEqual(check(word, declared), []);
  }
});

test('words that let everything through are accepted', (t) => {
  for (const word of ['http', 'https', 'mongo', 'mysql', 'redis', 'tcp', 'tls', 'hbone', 'grpcs', 'wisdom'])
    for (const spec of [bare, transformed(bare)]) t.deepEqual(check(word, spec), []);
});

test('a port that is taken for UDP is closed to the transformer, and to callers of KServe’s own Service', (t) => {
  t.deepEqual(check('udp', bare), warning);
  t.deepEqual(check('udp', transformed(bare)), error);
  t.deepEqual(check('udp', transformed(declared)), warning);
  t.deepEqual(check('udp', transformed(declared, { ports })), []);
});

test('with a transformer both of them declare a port', (t) => {
  t.deepEqual(check('grpc', transformed(bare)), error);
  t.deepEqual(check('grpc', transformed(declared)), error);
  t.deepEqual(check('grpc', transformed(bare, { ports })), error);
  t.deepEqual(check('grpc', transformed(declared, { ports })), []);
});

test('a transformer in the predictor’s pods answers in its place', (t) => {
  const collocated = (container: object) => ({
    predictor: { model: declared.predictor.model, containers: [{ name: 'transformer-container', ...container }] },
  });
  t.deepEqual(check('grpc', collocated({})), error);
  t.deepEqual(check('grpc', collocated({ ports })), []);
});
