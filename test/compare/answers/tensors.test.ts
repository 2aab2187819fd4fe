/** Answers of the V2 protocol, in gRPC and REST. */
import test from 'ava';
import type { Agreement } from '../../../src/compare/answers/agreement.ts';
import { compareAnswers } from '../../../src/compare/answers/compare-answers.ts';
import type { Reply } from '../../../src/compare/answers/reply.ts';
import type { AgreementRules, OutputRule } from '../../../src/core/analysis/analysis.ts';
import {
  grpcCall,
  type Output,
  toBinaryReply,
  toFrame,
  toGrpcMessage,
  toGrpcReply,
  toReply,
  toV2Reply,
  v2Call,
} from './encode.ts';

const exact: AgreementRules = { outputs: [], ignore: [] };
const withRule = (rule: Partial<OutputRule>): AgreementRules => ({ outputs: [{ name: 'y', ...rule }], ignore: [] });
const agrees: Agreement = { agrees: true };

const floats = (values: readonly number[], shape: readonly number[] = [values.length], datatype = 'FP64'): Output => ({
  name: 'y',
  datatype,
  shape,
  values,
});
const texts = (...values: readonly string[]): Output => ({
  name: 'y',
  datatype: 'BYTES',
  shape: [values.length],
  values: values.map((text) => new TextEncoder().encode(text)),
});
const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

/** All ways to write outputs, of which any two are compared. */
const written: readonly (readonly [string, (outputs: readonly Output[]) => Reply])[] = [
  ['raw', (outputs) => toGrpcReply(outputs, 'raw')],
  ['typed', (outputs) => toGrpcReply(outputs, 'typed')],
  ['JSON', (outputs) => toV2Reply(outputs)],
  ['binary', (outputs) => toBinaryReply(outputs)],
];

function compareAll(one: readonly Output[], other: readonly Output[], rules: AgreementRules): Agreement[] {
  return written.flatMap(([name, write]) =>
    written.flatMap(([otherName, writeOther]) => {
      const isGrpc = (which: string) => which === 'raw' || which === 'typed';
      if (isGrpc(name) !== isGrpc(otherName)) return [];
      return [compareAnswers(isGrpc(name) ? grpcCall : v2Call, write(one), writeOther(other), rules)];
    }),
  );
}

interface Case {
  readonly title: string;
  readonly one: readonly Output[];
  readonly other: readonly Output[];
  readonly rules?: AgreementRules;
  readonly expected: Agreement;
}

const cases: readonly Case[] = [
  { title: 'equal numbers', one: [floats([1, 2.5])], other: [floats([1, 2.5])], expected: agrees },
  {
    title: 'one number that differs',
    one: [floats([1, 2, 3])],
    other: [floats([1, 2.5, 4])],
    expected: { agrees: false, code: 'values', output: 'y', index: 1, difference: 0.5 },
  },
  {
    title: 'the last bit',
    one: [floats([0.1])],
    other: [floats([0.1 + 2 ** -56])],
    expected: { agrees: false, code: 'values', output: 'y', index: 0, difference: 2 ** -56 },
  },
  { title: 'NaN and NaN', one: [floats([nan, infinite])], other: [floats([nan, infinite])], expected: agrees },
  { title: '0 and −0', one: [floats([0, -0])], other: [floats([-0, 0])], expected: agrees },
  {
    title: 'NaN and a number',
    one: [floats([nan])],
    other: [floats([1])],
    rules: withRule({ abs: 10, rel: 10 }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0 },
  },
  {
    title: 'a number and NaN',
    one: [floats([1])],
    other: [floats([nan])],
    rules: withRule({ abs: 10, rel: 10 }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0 },
  },
  {
    title: 'an infinity, of which every part is infinite, and a number',
    one: [floats([infinite])],
    other: [floats([1])],
    rules: withRule({ rel: 0.1 }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0 },
  },
  {
    title: 'both infinities',
    one: [floats([-infinite])],
    other: [floats([infinite])],
    rules: withRule({ abs: 1, rel: 3 }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0 },
  },
  {
    title: 'a difference as large as the tolerance',
    one: [floats([2, -4])],
    other: [floats([2.5, -5])],
    rules: withRule({ rel: 0.25 }),
    expected: agrees,
  },
  {
    title: 'a tolerance of the primary’s value, not of the candidate’s',
    one: [floats([2])],
    other: [floats([2.75])],
    rules: withRule({ rel: 0.25 }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0, difference: 0.75 },
  },
  {
    title: 'both tolerances together',
    one: [floats([2])],
    other: [floats([2.75])],
    rules: withRule({ rel: 0.25, abs: 0.25 }),
    expected: agrees,
  },
  {
    title: 'a rule for another output',
    one: [floats([2])],
    other: [floats([2.1])],
    rules: { outputs: [{ name: 'x', abs: 1 }], ignore: [] },
    expected: { agrees: false, code: 'values', output: 'y', index: 0, difference: 2.1 - 2 },
  },
  {
    title: 'a rule for all others',
    one: [floats([2])],
    other: [floats([2.1])],
    rules: { outputs: [{ name: '*', abs: 1 }], ignore: [] },
    expected: agrees,
  },
  {
    title: 'a rule of its own before that for all others',
    one: [floats([2])],
    other: [floats([2.5])],
    rules: { outputs: [{ name: '*', abs: 1 }, { name: 'y' }], ignore: [] },
    expected: { agrees: false, code: 'values', output: 'y', index: 0, difference: 0.5 },
  },
  {
    title: 'a rule by path',
    one: [floats([2])],
    other: [floats([2.1])],
    rules: { outputs: [{ name: '$.outputs.y', abs: 1 }], ignore: [] },
    expected: agrees,
  },
  {
    title: 'an output that is ignored',
    one: [floats([2]), { ...floats([1]), name: 'time' }],
    other: [floats([2]), { ...floats([7, 8]), name: 'time' }],
    rules: { outputs: [], ignore: ['$.outputs.time'] },
    expected: agrees,
  },
  {
    title: 'an ignored output that one alone has',
    one: [floats([2])],
    other: [floats([2]), { ...floats([7, 8]), name: 'time' }],
    rules: { outputs: [], ignore: ['time'] },
    expected: agrees,
  },
  {
    title: 'outputs in another order',
    one: [floats([1]), { ...floats([2]), name: 'x' }],
    other: [{ ...floats([2]), name: 'x' }, floats([1])],
    expected: agrees,
  },
  {
    title: 'an output that is missing',
    one: [floats([1]), { ...floats([2]), name: 'x' }],
    other: [floats([1])],
    expected: { agrees: false, code: 'missing', output: 'x' },
  },
  {
    title: 'an output that is new',
    one: [floats([1])],
    other: [floats([1]), { ...floats([2]), name: 'x' }],
    expected: { agrees: false, code: 'extra', output: 'x' },
  },
  {
    title: 'an output called __proto__',
    one: [{ ...floats([1]), name: '__proto__' }],
    other: [{ ...floats([2]), name: '__proto__' }],
    expected: { agrees: false, code: 'values', output: '__proto__', index: 0, difference: 1 },
  },
  {
    title: 'another datatype',
    one: [floats([1])],
    other: [floats([1], [1], 'FP32')],
    expected: { agrees: false, code: 'datatype', output: 'y' },
  },
  {
    title: 'another shape',
    one: [floats([1, 2])],
    other: [floats([1, 2], [1, 2])],
    expected: { agrees: false, code: 'shape', output: 'y' },
  },
  { title: 'no outputs', one: [], other: [], expected: agrees },
  { title: 'outputs without values', one: [floats([], [0, 3])], other: [floats([], [0, 3])], expected: agrees },
  { title: 'a scalar', one: [floats([5], [])], other: [floats([5], [])], expected: agrees },
  {
    title: 'INT64 beyond what doubles hold',
    one: [{ ...floats([]), datatype: 'INT64', shape: [1], values: [9007199254740993n] }],
    other: [{ ...floats([]), datatype: 'INT64', shape: [1], values: [9007199254740992n] }],
    expected: { agrees: false, code: 'values', output: 'y', index: 0, difference: 1 },
  },
  {
    title: 'UINT64 at its end',
    one: [{ ...floats([]), datatype: 'UINT64', shape: [2], values: [0n, 2n ** 64n - 1n] }],
    other: [{ ...floats([]), datatype: 'UINT64', shape: [2], values: [0n, 2n ** 64n - 2n] }],
    expected: { agrees: false, code: 'values', output: 'y', index: 1, difference: 1 },
  },
  {
    title: 'INT64 within a tolerance',
    one: [{ ...floats([]), datatype: 'INT64', shape: [1], values: [-(2n ** 63n)] }],
    other: [{ ...floats([]), datatype: 'INT64', shape: [1], values: [-(2n ** 63n) + 5n] }],
    rules: withRule({ abs: 5 }),
    expected: agrees,
  },
  { title: 'equal texts', one: [texts('a', 'é"\n', '')], other: [texts('a', 'é"\n', '')], expected: agrees },
  {
    title: 'texts that differ',
    one: [texts('a', 'b')],
    other: [texts('a', 'B')],
    expected: { agrees: false, code: 'values', output: 'y', index: 1 },
  },
  {
    title: 'normalized texts',
    one: [texts('Straße  ﬁne\n', 'ΣΑΣ', 'Cafe\u0301')],
    other: [texts(' strasse fine', 'σας', 'CAFÉ')],
    rules: withRule({ normalized: true }),
    expected: agrees,
  },
  {
    title: 'normalized texts of other words',
    one: [texts('one', 'two')],
    other: [texts('one', 'tow')],
    rules: withRule({ normalized: true }),
    expected: { agrees: false, code: 'values', output: 'y', index: 1 },
  },
  {
    title: 'top1: the same index, whatever the values',
    one: [floats([0.1, 0.9, 0.6, 0.4], [2, 2])],
    other: [floats([5, 7, 0.51, 0.5], [2, 2])],
    rules: withRule({ top1: true }),
    expected: agrees,
  },
  {
    title: 'top1: another index in the second row',
    one: [floats([0.1, 0.9, 0.6, 0.4], [2, 2])],
    other: [floats([0.1, 0.9, 0.4, 0.6], [2, 2])],
    rules: withRule({ top1: true }),
    expected: { agrees: false, code: 'values', output: 'y', index: 1 },
  },
  {
    title: 'top1: a tie of the primary holds the candidate’s index',
    one: [floats([0.5, 0.5, 0])],
    other: [floats([0, 0.9, 0.1])],
    rules: withRule({ top1: true }),
    expected: agrees,
  },
  {
    title: 'top1: two ties with an index in common',
    one: [floats([0.5, 0, 0.5])],
    other: [floats([0, 0.5, 0.5])],
    rules: withRule({ top1: true }),
    expected: agrees,
  },
  {
    title: 'top1: a tie without the other’s index',
    one: [floats([0.5, 0.5, 0])],
    other: [floats([0, 0, 1])],
    rules: withRule({ top1: true }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0 },
  },
  {
    title: 'top1: NaN is the largest',
    one: [floats([nan, 1, 2])],
    other: [floats([0, 1, 2])],
    rules: withRule({ top1: true }),
    expected: { agrees: false, code: 'values', output: 'y', index: 0 },
  },
  {
    title: 'top1: a label alone in its row must be equal',
    one: [floats([1, 2], [2, 1])],
    other: [floats([1, 3], [2, 1])],
    rules: withRule({ top1: true }),
    expected: { agrees: false, code: 'values', output: 'y', index: 1, difference: 1 },
  },
];

for (const { title, one, other, rules = exact, expected } of cases)
  test(`${title}: ${expected.agrees ? 'agrees' : expected.code}, however it is written`, (t) => {
    const found = compareAll(one, other, rules);
    t.is(found.length, 8);
    for (const agreement of found) t.deepEqual(agreement, expected);
  });

test('values of every datatype are read from raw bytes', (t) => {
  for (const datatype of ['INT8', 'INT16', 'INT32', 'UINT8', 'UINT16', 'UINT32', 'FP16', 'BF16', 'FP32', 'FP64']) {
    const signed = datatype.startsWith('U') ? 1 : -1;
    const reply = (...values: readonly number[]) => toGrpcReply([floats(values, [values.length], datatype)], 'raw');
    const [one, other] = [reply(100, signed * 3, 2), reply(100, signed * 4, 2)];
    const expected = { agrees: false, code: 'values', output: 'y', index: 1, difference: 1 } as const;
    t.deepEqual(compareAnswers(grpcCall, one, other, exact), expected, datatype);
    t.deepEqual(compareAnswers(grpcCall, one, other, withRule({ abs: 1 })), agrees, datatype);
    t.deepEqual(compareAnswers(grpcCall, one, other, withRule({ abs: 0.99 })), expected, datatype);
  }
});

test('halves are read as IEEE 754 and as the upper half of FP32 have them', (t) => {
  const reply = (datatype: string, bytes: readonly number[]) => {
    const message = toGrpcMessage([floats([0], [1], datatype)], 'raw');
    message.set(bytes, message.length - 2);
    return { ...toReply(toFrame(message)) };
  };
  // 0x3e00 is 1.5 as FP16 and 0.125 as BF16; 0x3c00 is 1 and 0.0078125.
  const [half, brain] = ['FP16', 'BF16'].map((datatype) =>
    compareAnswers(grpcCall, reply(datatype, [0x00, 0x3e]), reply(datatype, [0x00, 0x3c]), exact),
  );
  t.like(half, { difference: 0.5 });
  t.like(brain, { difference: 0.125 - 0.0078125 });
});

test('BOOL differs by value', (t) => {
  const output = (...values: readonly boolean[]): Output => ({
    name: 'y',
    datatype: 'BOOL',
    shape: [values.length],
    values,
  });
  for (const found of compareAll([output(true, false)], [output(true, true)], exact))
    t.deepEqual(found, { agrees: false, code: 'values', output: 'y', index: 1, difference: 1 });
  for (const found of compareAll([output(true, false)], [output(true, false)], exact)) t.deepEqual(found, agrees);
});

const toJsonReply = (outputs: string, rest = '') => toReply(`{"model_name":"wisdom","outputs":[${outputs}]${rest}}`);
const y = (datatype: string, shape: string, data: string) =>
  `{"name":"y","datatype":"${datatype}","shape":${shape},"data":${data}}`;

test('nested and flat data of one shape are equal, as are numbers that are written differently', (t) => {
  const one = toJsonReply(y('FP64', '[2,2]', '[1, 2.50, 3, 4e2]'));
  for (const data of [
    '[[1,2.5],[3,400]]',
    '[1.0,25e-1,3e0,400]',
    '[[[1]],[[2.5]],[[3.0]],[[4E+2]]]',
    '[1,2.5,3,[400.000]]',
  ])
    t.deepEqual(compareAnswers(v2Call, one, toJsonReply(y('FP64', '[2,2]', data)), exact), agrees, data);
});

test('decimals are what their datatype makes of them', (t) => {
  const compare = (datatype: string, one: string, other: string) =>
    compareAnswers(v2Call, toJsonReply(y(datatype, '[1]', one)), toJsonReply(y(datatype, '[1]', other)), exact).agrees;
  t.true(compare('FP32', '[0.1]', '[0.10000000149011612]'));
  t.false(compare('FP64', '[0.1]', '[0.10000000149011612]'));
  t.true(compare('FP16', '[0.1]', '[0.0999755859375]'));
  t.true(compare('BF16', '[0.1]', '[0.10009765625]'));
  t.false(compare('BF16', '[0.1]', '[0.1005859375]'));
  t.true(compare('FP64', '[0.1]', '[0.1000000000000000055511151231257827]'));
  t.false(compare('INT64', '[9007199254740993]', '[9007199254740992]'));
  t.true(compare('INT64', '[9007199254740993]', '[9007199254740993]'));
  t.true(compare('INT32', '[1e2]', '[100.0]'));
  t.true(compare('FP64', '[null]', '[NaN]'));
  t.true(compare('FP32', '["NaN"]', '[NaN]'));
  t.true(compare('FP32', '["-Infinity"]', '[-Infinity]'));
  t.true(compare('BOOL', '[true]', '[1]'));
  const [endless, one] = ['[Infinity]', '[1]'].map((data) => toJsonReply(y('FP32', '[1]', data))) as [Reply, Reply];
  t.like(compareAnswers(v2Call, endless, one, withRule({ rel: 0.1 })), { agrees: false, code: 'values' });
});

test('model, version, id and parameters are not compared', (t) => {
  const outputs = [floats([1])];
  const names = [
    { modelName: 'a', modelVersion: '1', id: 'x' },
    { modelName: 'b', id: 'y' },
  ];
  const [one, other] = names.map((message) => toGrpcReply(outputs, 'raw', message)) as [Reply, Reply];
  t.deepEqual(compareAnswers(grpcCall, one, other, exact), agrees);
  const [three, four] = names.map((message) => toV2Reply(outputs, { ...message, parameters: message })) as [
    Reply,
    Reply,
  ];
  t.deepEqual(compareAnswers(v2Call, three, four, exact), agrees);
});

test('two answers of one version are neither agreement nor disagreement', (t) => {
  const name = (version: string) => `${version}__isvc-58aa08371b`;
  const rows: readonly (readonly [string, string, boolean])[] = [
    [name('wisdom-0'), name('wisdom-1'), false],
    [name('wisdom-0'), name('wisdom-0'), true],
    [name('wisdom-1'), name('wisdom-1'), true],
    [name('wisdom-1'), name('wisdom-0'), true],
    // The name that both serve in Standard mode, be it the primary's own.
    ['wisdom', 'wisdom', false],
    ['wisdom-0', 'wisdom-0', false],
    [name('wisdom-01'), name('wisdom-1'), false],
  ];
  for (const [primary, candidate, isSame] of rows)
    for (const values of [[1], [2]]) {
      const expected = isSame
        ? { agrees: undefined, code: 'same-version' as const }
        : values[0] === 1
          ? agrees
          : { agrees: false as const, code: 'values' as const, output: 'y', index: 0, difference: 1 };
      const replies = [
        [
          grpcCall,
          toGrpcReply([floats([1])], 'raw', { modelName: primary }),
          toGrpcReply([floats(values)], 'raw', { modelName: candidate }),
        ],
        [
          v2Call,
          toV2Reply([floats([1])], { model_name: primary }),
          toV2Reply([floats(values)], { model_name: candidate }),
        ],
        [
          v2Call,
          toBinaryReply([floats([1])], { model_name: primary }),
          toBinaryReply([floats(values)], { model_name: candidate }),
        ],
      ] as const;
      for (const [call, one, other] of replies) {
        t.deepEqual(compareAnswers(call, one, other, exact), expected);
        // Asked twice, for noise.
        const twice = compareAnswers({ ...call, versions: undefined }, one, other, exact);
        t.is(twice.agrees, values[0] === 1);
      }
    }
});

test('names of outputs that might be more than names are not given away', (t) => {
  const named = (name: string) => [{ ...floats([1]), name }];
  for (const name of ['x'.repeat(65), 'a\nb', 'Jürgen'])
    t.deepEqual(compareAnswers(grpcCall, toGrpcReply(named(name), 'raw'), toGrpcReply([], 'raw'), exact), {
      agrees: false,
      code: 'missing',
      output: '*',
    });
});

const withByte = (reply: Reply): Reply => ({ ...reply, body: Uint8Array.from([...reply.body, 0]) });
const good = toGrpcReply([floats([1, 2])], 'raw');
const goodJson = toJsonReply(y('FP64', '[2]', '[1,2]'));

/**
 * Answers that are not what they should be: as the primary's they say nothing, as the candidate's they disagree, by their
 * shape if that already does.
 */
const unreadable: readonly (readonly [string, typeof grpcCall, Reply, Reply, 'shape'?])[] = [
  ['no frame', grpcCall, good, toReply('')],
  ['a frame that is cut off', grpcCall, good, toReply(good.body.subarray(0, -1))],
  ['a frame with another flag', grpcCall, good, toReply(Uint8Array.from(good.body, (byte, i) => (i === 0 ? 2 : byte)))],
  ['no protobuf', grpcCall, good, toReply(toFrame(new TextEncoder().encode('hello')))],
  [
    'fewer raw contents than outputs',
    grpcCall,
    good,
    toReply(toFrame(Buffer.concat([toGrpcMessage([floats([1])], 'raw'), toGrpcMessage([floats([1])], 'typed')]))),
  ],
  ['raw contents that are too short', grpcCall, good, toGrpcReply([floats([1], [2])], 'raw')],
  ['raw contents that are too long', grpcCall, good, toGrpcReply([floats([1, 2, 3], [2])], 'raw')],
  ['fewer typed contents than the shape says', grpcCall, good, toGrpcReply([floats([1], [2])], 'typed')],
  ['a negative axis', grpcCall, good, toGrpcReply([floats([1, 2], [-1])], 'raw'), 'shape'],
  [
    'a shape whose product overflows',
    grpcCall,
    good,
    toGrpcReply([floats([1, 2], [2 ** 40, 2 ** 40])], 'raw'),
    'shape',
  ],
  ['one output twice', grpcCall, good, toGrpcReply([floats([1, 2]), floats([1, 2])], 'raw')],
  [
    'lengths of texts that lie',
    grpcCall,
    toGrpcReply([texts('ab')], 'raw'),
    toGrpcReply([{ ...texts('ab'), shape: [2] }], 'raw'),
    'shape',
  ],
  ['binary data that nothing claims', v2Call, goodJson, withByte(toBinaryReply([floats([1, 2])]))],
  ['no JSON', v2Call, goodJson, toReply('<html>')],
  ['no outputs', v2Call, goodJson, toReply('{"model_name":"wisdom"}')],
  ['outputs that are no list', v2Call, goodJson, toReply('{"outputs":{}}')],
  ['an output that is no object', v2Call, goodJson, toReply('{"outputs":[1]}')],
  ['an output without data', v2Call, goodJson, toReply('{"outputs":[{"name":"y","datatype":"FP64","shape":[2]}]}')],
  ['a shape that is none', v2Call, goodJson, toJsonReply(y('FP64', '["2"]', '[1,2]'))],
  ['a shape with a fraction', v2Call, goodJson, toJsonReply(y('FP64', '[0.5,4]', '[1,2]')), 'shape'],
  ['a shape of more values', v2Call, goodJson, toJsonReply(y('FP64', '[3]', '[1,2]')), 'shape'],
  ['values that are no numbers', v2Call, goodJson, toJsonReply(y('FP64', '[2]', '[1,"2"]'))],
  ['values that are objects', v2Call, goodJson, toJsonReply(y('FP64', '[2]', '[1,{}]'))],
  [
    'more binary data than there is',
    v2Call,
    goodJson,
    toJsonReply('{"name":"y","datatype":"FP64","shape":[2],"parameters":{"binary_data_size":16}}'),
  ],
  [
    'a size that is none',
    v2Call,
    goodJson,
    toJsonReply('{"name":"y","datatype":"FP64","shape":[2],"parameters":{"binary_data_size":-1}}'),
  ],
  [
    'a length of the JSON that lies',
    v2Call,
    goodJson,
    { ...goodJson, headers: { 'inference-header-content-length': '5' } },
  ],
  ['a length beyond the end', v2Call, goodJson, { ...goodJson, headers: { 'inference-header-content-length': '1e9' } }],
];

for (const [title, call, fine, broken, code = 'unreadable'] of unreadable)
  test(`${title} cannot be read`, (t) => {
    t.like(compareAnswers(call, fine, broken, exact), { agrees: false, code });
    t.deepEqual(compareAnswers(call, broken, fine, exact), { agrees: undefined, code: 'unreadable' });
    // Not even if both are alike: whether answers can be read must not decide which of them count.
    t.deepEqual(compareAnswers(call, broken, broken, exact), { agrees: undefined, code: 'unreadable' });
  });

test('typed contents that another field holds, or that do not fit, cannot be read', (t) => {
  // INT8 300 in int_contents: field 5 (tensor) of name y, datatype INT8, shape [1], contents {int_contents: [300]}.
  const tensor = (datatype: string, contents: readonly number[]) => {
    const parts = [
      0x0a,
      1,
      0x79,
      0x12,
      datatype.length,
      ...new TextEncoder().encode(datatype),
      0x1a,
      1,
      1,
      0x2a,
      contents.length,
      ...contents,
    ];
    return toReply(toFrame(Uint8Array.from([0x2a, parts.length, ...parts])));
  };
  const fine = tensor('INT8', [0x12, 1, 3]);
  t.deepEqual(compareAnswers(grpcCall, fine, tensor('INT8', [0x10, 3]), exact), agrees);
  t.like(compareAnswers(grpcCall, fine, tensor('INT8', [0x12, 2, 0xac, 0x02]), exact), { code: 'unreadable' });
  t.like(compareAnswers(grpcCall, fine, tensor('INT8', [0x12, 2, 0x80, 0x01]), exact), { code: 'unreadable' });
  t.like(compareAnswers(grpcCall, fine, tensor('INT8', [0x1a, 1, 3]), exact), { code: 'unreadable' });
  t.like(compareAnswers(grpcCall, fine, tensor('INT8', [0x12, 1, 0x83]), exact), { code: 'unreadable' });
  t.like(compareAnswers(grpcCall, tensor('UINT8', [0x22, 2, 0xff, 0x01]), tensor('UINT8', [0x22, 1, 0x7f]), exact), {
    difference: 128,
  });
});

test('answers that are compressed or come in parts are not compared', (t) => {
  const blind = (code: string) => ({ agrees: undefined, code });
  const compressed = { ...good, body: Uint8Array.from(good.body, (byte, i) => (i === 0 ? 1 : byte)) };
  const two = { ...good, body: new Uint8Array(Buffer.concat([good.body, good.body])) };
  for (const [odd, code] of [
    [compressed, 'compressed'],
    [two, 'streamed'],
  ] as const) {
    t.deepEqual(compareAnswers(grpcCall, odd, odd, exact), blind(code));
    t.deepEqual(compareAnswers(grpcCall, good, odd, exact), blind(code));
  }
  const streamCall = { ...grpcCall, path: '/inference.GRPCInferenceService/ModelStreamInfer' };
  t.deepEqual(compareAnswers(streamCall, good, good, exact), blind('streamed'));
  const zipped = { ...goodJson, headers: { 'content-encoding': 'gzip' } };
  t.deepEqual(compareAnswers(v2Call, zipped, zipped, exact), blind('compressed'));
  t.deepEqual(compareAnswers(v2Call, goodJson, zipped, exact), blind('compressed'));
});

test('a datatype that nobody knows is compared by its bytes', (t) => {
  const bytes = (byte: number) => {
    const message = toGrpcMessage([floats([0, 0], [2], 'UINT8')], 'raw');
    const text = Buffer.from(message).indexOf('UINT8');
    message.set(new TextEncoder().encode('FP8E4'), text);
    message[message.length - 1] = byte;
    return toReply(toFrame(message));
  };
  t.deepEqual(compareAnswers(grpcCall, bytes(1), bytes(1), exact), agrees);
  t.deepEqual(compareAnswers(grpcCall, bytes(1), bytes(2), withRule({ abs: 5 })), {
    agrees: false,
    code: 'values',
    output: 'y',
  });
});
