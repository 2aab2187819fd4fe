/** Answers that are JSON: V1, OpenAI, and of custom servers; and what is known by status and bytes alone. */
import test from 'ava';
import type { Agreement } from '../../../src/compare/answers/agreement.ts';
import { compareAnswers } from '../../../src/compare/answers/compare-answers.ts';
import type { Call } from '../../../src/compare/answers/reply.ts';
import type { AgreementRules, OutputRule } from '../../../src/core/analysis/analysis.ts';
import { chatCall, grpcCall, toReply, v1Call } from './encode.ts';

const json = { 'content-type': 'application/json; charset=utf-8' };
const customCall: Call = { ...v1Call, path: '/score?verbose=1' };
const agrees: Agreement = { agrees: true };

interface Case {
  readonly title: string;
  readonly call?: Call;
  readonly one: string;
  readonly other: string;
  readonly rules?: readonly OutputRule[];
  readonly ignore?: readonly string[];
  readonly expected: Agreement;
}

const chat = (content: string, more: object = {}) =>
  JSON.stringify({
    id: `chatcmpl-${content.length}`,
    object: 'chat.completion',
    created: 1_764_000_000 + content.length,
    model: 'chat',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: content.length },
    ...more,
  });

const cases: readonly Case[] = [
  {
    title: 'equal predictions',
    one: '{"predictions":[1, 2]}',
    other: '{ "predictions": [1.0, 2e0] }',
    expected: agrees,
  },
  {
    title: 'a prediction that differs',
    one: '{"predictions":[1,2,3]}',
    other: '{"predictions":[1,2,5]}',
    expected: { agrees: false, code: 'values', output: '$.predictions[*]', index: 2, difference: 2 },
  },
  {
    title: 'a prediction of rows that differs, with the index of its row',
    one: '{"predictions":[[0.1,0.9],[0.5,0.5],[1,0]]}',
    other: '{"predictions":[[0.1,0.9],[0.5,0.25],[1,0]]}',
    expected: { agrees: false, code: 'values', output: '$.predictions[*][*]', index: 1, difference: 0.25 },
  },
  {
    title: 'a tolerance',
    one: '{"predictions":[[0.1,0.9],[0.5,0.5]]}',
    other: '{"predictions":[[0.10001,0.90001],[0.50001,0.49999]]}',
    rules: [{ name: 'predictions', abs: 1e-4 }],
    expected: agrees,
  },
  {
    title: 'a tolerance that is too small',
    one: '{"predictions":[1,1]}',
    other: '{"predictions":[1,1.5]}',
    rules: [{ name: 'predictions', abs: 0.4, rel: 0.05 }],
    expected: { agrees: false, code: 'values', output: '$.predictions[*]', index: 1, difference: 0.5 },
  },
  {
    title: 'top1 by row',
    one: '{"predictions":[[0.1,0.9],[0.5,0.4]]}',
    other: '{"predictions":[[0.4,0.6],[7,0]]}',
    rules: [{ name: 'predictions', top1: true }],
    expected: agrees,
  },
  {
    title: 'top1 that differs in a row',
    one: '{"predictions":[[0.1,0.9],[0.5,0.4]]}',
    other: '{"predictions":[[0.4,0.6],[0,7]]}',
    rules: [{ name: 'predictions', top1: true }],
    expected: { agrees: false, code: 'values', output: '$.predictions[*]', index: 1 },
  },
  {
    title: 'top1 of ties in numbers of many digits',
    one: '{"predictions":[0.12345678901234567891,0.12345678901234567890,0]}',
    other: '{"predictions":[0,1,0]}',
    rules: [{ name: 'predictions', top1: true }],
    expected: agrees,
  },
  {
    title: 'a rule for an output in each prediction',
    one: '{"predictions":[{"scores":[0.1,0.2],"class":1}]}',
    other: '{"predictions":[{"class":1,"scores":[0.11,0.21]}]}',
    rules: [{ name: 'scores', abs: 0.1 }],
    expected: agrees,
  },
  {
    title: 'an output in each prediction that the rule is not for',
    one: '{"predictions":[{"scores":[0.1],"class":1},{"scores":[0.1],"class":1}]}',
    other: '{"predictions":[{"scores":[0.1],"class":1},{"scores":[0.1],"class":2}]}',
    rules: [{ name: 'scores', abs: 9 }],
    expected: { agrees: false, code: 'values', output: '$.predictions[*].class', index: 1, difference: 1 },
  },
  {
    title: 'a rule for an output by column',
    one: '{"outputs":{"scores":[0.1,0.2],"class":[1,2]}}',
    other: '{"outputs":{"class":[1,2],"scores":[0.11,0.21]}}',
    rules: [{ name: 'scores', abs: 0.1 }],
    expected: agrees,
  },
  {
    title: 'fewer predictions',
    one: '{"predictions":[1,2]}',
    other: '{"predictions":[1]}',
    expected: { agrees: false, code: 'shape', output: '$.predictions' },
  },
  {
    title: 'fewer objects',
    one: '{"predictions":[{},{}]}',
    other: '{"predictions":[{}]}',
    expected: { agrees: false, code: 'shape', output: '$.predictions' },
  },
  {
    title: 'a text for a number',
    one: '{"predictions":[1,2]}',
    other: '{"predictions":[1,"2"]}',
    expected: { agrees: false, code: 'datatype', output: '$.predictions[*]', index: 1 },
  },
  {
    title: 'true for false',
    one: '{"predictions":[true]}',
    other: '{"predictions":[false]}',
    expected: { agrees: false, code: 'values', output: '$.predictions[*]', index: 0 },
  },
  {
    title: 'a field that is missing',
    one: '{"predictions":[],"model":1}',
    other: '{"predictions":[]}',
    expected: { agrees: false, code: 'missing', output: '$.model' },
  },
  {
    title: 'a field that is new',
    one: '{"predictions":[{"a":1}]}',
    other: '{"predictions":[{"b":2,"a":1}]}',
    expected: { agrees: false, code: 'extra', output: '$.predictions[*]', index: 0 },
  },
  {
    title: 'whole numbers beyond 2^53',
    one: '[9007199254740993]',
    other: '[9007199254740993.0]',
    expected: agrees,
    call: customCall,
    rules: [{ name: '*', abs: 1 }],
  },
  {
    title: 'whole numbers beyond 2^53 that differ by one',
    call: customCall,
    one: '[9007199254740993]',
    other: '[9007199254740992]',
    expected: { agrees: false, code: 'values', output: '$[*]', index: 0, difference: 1 },
  },
  {
    title: 'a power of ten in digits',
    call: customCall,
    one: '[1e22]',
    other: `[1${'0'.repeat(22)}]`,
    expected: agrees,
  },
  {
    title: 'NaN, infinities and −0',
    call: customCall,
    one: '[NaN,-Infinity,-0.0]',
    other: '[NaN,-Infinity,0]',
    expected: agrees,
  },
  {
    title: 'members in another order',
    call: customCall,
    one: '{"a":{"b":1,"c":[2]},"d":3}',
    other: '{"d":3,"a":{"c":[2],"b":1}}',
    expected: agrees,
  },
  {
    title: 'names and texts with escapes',
    call: customCall,
    one: '{"\\u00e9":"\\u00e9\\n"}',
    other: '{"é":"é\\u000a"}',
    expected: agrees,
  },
  {
    title: 'a member twice, which counts twice',
    call: customCall,
    one: '{"a":1,"a":2}',
    other: '{"a":2}',
    expected: { agrees: false, code: 'values', output: '$.a', difference: 1 },
  },
  {
    title: '__proto__ and constructor as names',
    call: customCall,
    one: '{"__proto__":{"a":1},"constructor":2}',
    other: '{"constructor":2,"__proto__":{"a":3}}',
    expected: { agrees: false, code: 'values', output: '$.__proto__.a', difference: 2 },
  },
  {
    title: 'an ignored path',
    call: customCall,
    one: '{"a":[{"t":1,"v":2},{"t":3,"v":4}]}',
    other: '{"a":[{"t":9,"v":2},{"v":4}],"t":1}',
    ignore: ['$.a[*].t', '$.t'],
    expected: agrees,
  },
  {
    title: 'an ignored element',
    call: customCall,
    one: '{"a":[1,2,3]}',
    other: '{"a":[1,7,4]}',
    ignore: ['$.a[1]'],
    expected: { agrees: false, code: 'values', output: '$.a[*]', index: 2, difference: 1 },
  },
  {
    title: 'the longest path decides',
    call: customCall,
    one: '{"a":{"b":1,"c":1}}',
    other: '{"a":{"b":1.5,"c":1.5}}',
    rules: [{ name: '$.a', abs: 1 }, { name: '$.a.c' }],
    expected: { agrees: false, code: 'values', output: '$.a.c', difference: 0.5 },
  },
  {
    title: 'names that might be what somebody has sent',
    call: customCall,
    one: '{"Jane Doe":{"score":1}}',
    other: '{"Jane Doe":{"score":2}}',
    expected: { agrees: false, code: 'values', output: '$.*.score', difference: 1 },
  },
  {
    title: 'id, created, usage and fingerprint of a completion',
    call: chatCall,
    one: chat('Paris.', { system_fingerprint: 'fp_1', id: 'chatcmpl-1', created: 1 }),
    other: chat('Paris.', {
      system_fingerprint: 'fp_2',
      id: 'chatcmpl-2',
      created: 2,
      usage: { prompt_tokens: 8 },
      model: 'publishers/ns/models/chat',
    }),
    expected: agrees,
  },
  {
    title: 'the ids of tool calls',
    call: chatCall,
    one: '{"choices":[{"message":{"tool_calls":[{"id":"call_1","function":{"name":"f"}}]}}]}',
    other: '{"choices":[{"message":{"tool_calls":[{"id":"call_2","function":{"name":"f"}}]}}]}',
    expected: agrees,
  },
  {
    title: 'another tool',
    call: chatCall,
    one: '{"choices":[{"message":{"tool_calls":[{"id":"call_1","function":{"name":"f"}}]}}]}',
    other: '{"choices":[{"message":{"tool_calls":[{"id":"call_2","function":{"name":"g"}}]}}]}',
    expected: {
      agrees: false,
      code: 'values',
      output: '$.choices[*].message.tool_calls[*].function.name',
      index: 0,
    },
  },
  {
    title: 'another completion',
    call: chatCall,
    one: chat('Paris.'),
    other: chat('paris'),
    expected: { agrees: false, code: 'values', output: '$.choices[*].message.content', index: 0 },
  },
  {
    title: 'a completion that is normalized',
    call: { ...chatCall, path: '/openai/v1/chat/completions' },
    one: chat('It is Paris.\n'),
    other: chat('it is  paris.'),
    rules: [{ name: '$.choices[*].message.content', normalized: true }],
    expected: agrees,
  },
  {
    title: 'an embedding',
    call: { ...chatCall, path: '/v1/embeddings' },
    one: '{"data":[{"embedding":[0.1,0.2]}]}',
    other: '{"data":[{"embedding":[0.1001,0.2]}]}',
    rules: [{ name: '$.data[*].embedding', rel: 0.01 }],
    expected: agrees,
  },
  { title: 'no JSON', one: '{"predictions":[1]}', other: '<html>', expected: { agrees: false, code: 'unreadable' } },
  {
    title: 'no JSON of the primary',
    one: '<html>',
    other: '{"predictions":[1]}',
    expected: { agrees: undefined, code: 'unreadable' },
  },
  { title: 'no JSON of both', one: '<html>', other: '<html>', expected: { agrees: undefined, code: 'unreadable' } },
];

for (const { title, call = v1Call, one, other, rules = [], ignore = [], expected } of cases)
  test(`${title}: ${expected.agrees ? 'agrees' : expected.code}`, (t) => {
    const all: AgreementRules = { outputs: rules, ignore };
    t.deepEqual(compareAnswers(call, toReply(one, json), toReply(other, json), all), expected);
  });

const exact: AgreementRules = { outputs: [], ignore: [] };

test('another status disagrees', (t) => {
  const one = toReply('{}', json);
  t.deepEqual(compareAnswers(v1Call, one, { ...one, status: 206 }, exact), { agrees: false, code: 'status' });
});

test('all else is compared by its bytes', (t) => {
  const calls = [customCall, { ...grpcCall, path: '/tensorflow.serving.PredictionService/Predict' }];
  for (const call of calls) {
    t.deepEqual(compareAnswers(call, toReply('a b'), toReply('a b'), exact), agrees);
    t.deepEqual(compareAnswers(call, toReply('{"a":1}'), toReply('{"a":1.0}'), exact), {
      agrees: false,
      code: 'bytes',
    });
    t.deepEqual(compareAnswers(call, toReply('abcdefgh'), toReply('abcdefgi'), exact), {
      agrees: false,
      code: 'bytes',
    });
    t.deepEqual(compareAnswers(call, toReply('abcdefgh'), toReply('abcdefghi'), exact), {
      agrees: false,
      code: 'bytes',
    });
  }
});

test('server-sent events are not compared, not even equal ones', (t) => {
  const streamed = toReply('data: {}\n\n', { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const [one, other] of [
    [streamed, streamed],
    [toReply('{}', json), streamed],
  ] as const)
    t.deepEqual(compareAnswers(chatCall, one, other, exact), { agrees: undefined, code: 'streamed' });
});

test('a path that is none of ours ignores nothing, and one of two sides is no reason to throw', (t) => {
  for (const path of [
    '',
    '$$',
    '$..a',
    '$.a[?(@.b)]',
    '$.a[-1]',
    '$.a[1:2]',
    "$['a",
    '$.',
    'a.b',
    '$[__proto__]',
    '$.*',
    '$.a b',
    'x$.a',
  ]) {
    const found = compareAnswers(customCall, toReply('{"a":[1]}', json), toReply('{"a":[2]}', json), {
      outputs: [],
      ignore: [path],
    });
    t.like(found, { agrees: false, code: 'values' }, path);
  }
});
