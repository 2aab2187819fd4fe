/**
 * `fixtures/answers/servers.json`: what MLServer 1.7.1 and the Python server of kserve 0.21.0 answered about two iris
 * flowers, as they came from the connection. Model v1 is scikit-learn's LogisticRegression, v2 a RandomForestClassifier;
 * both tell the kind 1 of both flowers, with other probabilities, and both are called `wisdom`.
 */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { compareAnswers } from '../../../src/compare/answers/compare-answers.ts';
import { readGrpcAnswer } from '../../../src/compare/answers/grpc-answer.ts';
import { readFrame } from '../../../src/compare/answers/grpc-frame.ts';
import { judgeReply } from '../../../src/compare/answers/judge-reply.ts';
import type { Call, Reply } from '../../../src/compare/answers/reply.ts';
import { readV2Answer } from '../../../src/compare/answers/v2-json.ts';
import type { AgreementRules } from '../../../src/core/analysis/analysis.ts';

interface Recorded extends Omit<Reply, 'body'> {
  readonly body: string;
}
interface Row {
  readonly server: string;
  readonly what: string;
  readonly protocol: 'grpc' | 'http';
  readonly path: string;
  readonly v1: Recorded;
  readonly v2: Recorded;
}

const file = new URL('../../../fixtures/answers/servers.json', import.meta.url);
const rows = JSON.parse(readFileSync(file, 'utf8')) as readonly Row[];
const toReply = (recorded: Recorded): Reply => ({
  ...recorded,
  body: new Uint8Array(Buffer.from(recorded.body, 'base64')),
});
const exact: AgreementRules = { outputs: [], ignore: [] };
const byTop: AgreementRules = { outputs: [{ name: 'predict_proba', top1: true }], ignore: [] };

/** Server, what was asked, and what is known of the answer. */
const expected: Readonly<Record<string, string>> = {
  'MLServer 1.7.1, labels': 'predict INT64 2,1',
  'MLServer 1.7.1, labels and probabilities': 'predict_proba FP64 2,3; predict INT64 2,1',
  'MLServer 1.7.1, typed contents': 'predict INT64 2,1',
  'MLServer 1.7.1, raw contents': 'predict INT64 2,1',
  'MLServer 1.7.1, probabilities, raw contents': 'predict_proba FP64 2,3; predict INT64 2,1',
  'MLServer 1.7.1, another model': 'failed',
  'KServe 0.21.0, labels': 'output-0 INT64 2',
  'KServe 0.21.0, labels and probabilities': 'failed',
  'KServe 0.21.0, binary data': 'output-0 INT64 2',
  'KServe 0.21.0, typed contents': 'output-0 INT64 2',
  'KServe 0.21.0, raw contents': 'output-0 INT64 2',
  'KServe 0.21.0, probabilities, raw contents': 'output-0 INT64 2',
  'KServe 0.21.0, another model': 'failed',
  'KServe 0.21.0, V1': 'predictions',
  'KServe 0.21.0, V1 of a wrong shape': 'failed',
};

test('every recorded answer is expected', (t) => {
  t.deepEqual(new Set(rows.map(({ server, what }) => `${server}, ${what}`)), new Set(Object.keys(expected)));
});

for (const { server, what, protocol, path, v1, v2 } of rows)
  test(`${server}, ${what}, in ${protocol}`, (t) => {
    const known = expected[`${server}, ${what}`];
    const [one, other] = [toReply(v1), toReply(v2)];
    const call: Call = { protocol, path, versions: { primary: 'wisdom-0', candidate: 'wisdom-1' } };
    if (known === 'failed') {
      for (const reply of [one, other]) t.is(judgeReply(reply, protocol).is, 'failed');
      return;
    }
    for (const reply of [one, other]) {
      t.deepEqual(judgeReply(reply, protocol), { is: 'answered' });
      t.deepEqual(compareAnswers(call, reply, { ...reply, body: reply.body.slice() }, exact), { agrees: true });
      const message = protocol === 'grpc' ? readFrame(reply.body) : undefined;
      const tensors = message instanceof Uint8Array ? readGrpcAnswer(message) : readV2Answer(reply);
      const outputs = tensors?.outputs.map(({ name, datatype, shape }) => `${name} ${datatype} ${shape}`);
      t.is(outputs?.join('; ') ?? 'predictions', known ?? '');
      t.is(tensors?.model ?? 'wisdom', 'wisdom');
    }
    const hasProbabilities = known?.includes('FP64') ?? false;
    const found = compareAnswers(call, one, other, exact);
    if (hasProbabilities) t.like(found, { agrees: false, code: 'values', output: 'predict_proba', index: 0 });
    else t.deepEqual(found, { agrees: true });
    t.deepEqual(compareAnswers(call, one, other, byTop), { agrees: true });
  });
