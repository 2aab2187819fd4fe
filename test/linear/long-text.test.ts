/**
 * A mebibyte of whatever makes a reader look again, through all that takes foreign texts. No clock is read: what is not
 * linear takes hours for one of these, and ends by the time limit of the test.
 */
import test from 'ava';
import { toWatchSettings } from '../../src/cli/watch/settings.ts';
import { adoptInferenceService } from '../../src/core/adopt/inference-service.ts';
import { readIter8Values } from '../../src/core/adopt/iter8-values.ts';
import { hideCredentials } from '../../src/core/diagnostics/credentials.ts';
import { toFieldText } from '../../src/core/diagnostics/problem.ts';
import { mask, maskLine, quote } from '../../src/core/diagnostics/safe-text.ts';
import { suggest } from '../../src/core/diagnostics/suggest.ts';
import { FieldsOfText } from '../../src/core/edit/field-text.ts';
import { parseModel, parsePolicy, parseStatus } from '../../src/core/input/parse-document.ts';
import { toScalar } from '../../src/core/manifests/manifest-text.ts';
import { toLastingText } from '../../src/core/observe/lasting-text.ts';
import { parseSelector } from '../../src/demo/fakes/kubernetes/selector.ts';
import { toStatusMessage } from '../../src/io/kubernetes/kubernetes-api.ts';
import { toWidth, wrap } from '../../src/output/columns.ts';
import { toCommitWords } from '../../src/output/commit-words.ts';
import { toDiffText } from '../../src/output/diff-text.ts';
import { toCell, toInline, toLinkTarget, toProse } from '../../src/output/page-text.ts';
import { toCommitMessage } from '../../src/output/words/status-commit.ts';
import { pick } from '../thorough.ts';

const size = 1 << 20;
const repeat = (text: string) => text.repeat(Math.ceil(size / text.length)).slice(0, size);

const runs: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...'/?:@.-_#&=%|*+~^!,;<>(){}[]"\'`\\aA0 \t\n',
    ...['\r', '\0', '\u001b', '\u00a0', '\u2028', '\ufffd', '\u0301', '\u202e', '\ud83d\ude00', '\ud800', 'é', '世'],
    ...[
      '//',
      '://a',
      'a:',
      'a@',
      'a-',
      '1.',
      'a.b ',
      '"a" ',
      '- a: ',
      '{a: ',
      'https://a?',
      'token=',
      'token: "',
      "pwd='",
    ],
    ...[
      '-----BEGIN ',
      'Bearer ',
      'eyJ',
      'ghp_',
      'password: |\n ',
      'secret\n',
      '&key=',
      'fixes ',
      '[skip ',
      'id: ',
      'a1b2:',
    ],
    ...['aaaaaaaa-', 'deadbeef-', '1h', '00:', 'x;', '..', '\\u0000', '<<<<<<< ', '&a ', '*a ', '!!', '? ', '%YAML '],
  ].map((part) => [JSON.stringify(part), repeat(part)]),
);

const shared: Readonly<Record<string, (text: string) => unknown>> = {
  mask,
  maskLine,
  quote,
  toLastingText,
  toStatusMessage,
  toFieldText: (text) => toFieldText([text, 0, text]),
  suggest: (text) => suggest(text, ['storageUri', 'mirrorPercentage']),
  toProse: (text) => toProse(text, 300),
  toInline: (text) => toCell(toInline(text, 300)),
  toScalar,
  columns: (text) => [toWidth(text), wrap(maskLine(text), 80)],
  toCommitWords: (text) => toCommitWords(text, 500),
  toCommitMessage: (text) =>
    toCommitMessage([{ name: text, namespace: text, changes: [{ code: 'model-gone' }] }], {
      suffix: undefined,
      signOff: undefined,
    }),
  selector: (text) => attempt(() => parseSelector(text)),
  settings: (text) => attempt(() => toWatchSettings({ repo: text, path: text, author: text } as never, {})),
  adopt: (text) =>
    adoptInferenceService(
      {
        apiVersion: text,
        kind: 'InferenceService',
        metadata: { name: text, annotations: { [text]: text } },
        spec: { [text]: text },
      },
      { name: text, version: text } as never,
    ),
  iter8: (text) => readIter8Values({ modelName: text, strategy: text }),
};

/** What is linear, and slow, gets less. For YAML hostile-text.test.ts has more. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  hideCredentials,
  toLinkTarget,
  parseModel: (text) => parseModel({ path: 'model.yaml', text }),
  parsePolicy: (text) => parsePolicy({ path: 'policy.yaml', text: JSON.stringify({ kind: text, [text]: text }) }),
  parseStatus: (text) => parseStatus({ path: 'status.yaml', text: `kind: ModelStatus\nstatus: {a: ${text}` }),
  fields: (text) => attempt(() => new FieldsOfText(text)),
  diff: (text) => toDiffText(text, text, `${text}x`),
};

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

for (const [name, take] of Object.entries(shared))
  test(`a mebibyte of anything: ${name}`, (t) => {
    for (const text of pick(Object.values(runs), 3)) take(text);
    t.pass();
  });

for (const [name, take] of Object.entries(readers))
  test(`many of anything: ${name}`, (t) => {
    for (const text of pick(Object.values(runs), 3)) take(text.slice(0, 1 << 14));
    t.pass();
  });
