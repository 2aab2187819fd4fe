/**
 * Answers that are made to take long, to fill memory or to overflow. No clock is read: what is not linear takes hours for
 * one of these, and ends by the time limit of the test.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { compareAnswers } from '../../../src/compare/answers/compare-answers.ts';
import type { Call, Reply } from '../../../src/compare/answers/reply.ts';
import type { AgreementRules } from '../../../src/core/analysis/analysis.ts';
import { isThorough } from '../../thorough.ts';
import { chatCall, grpcCall, toFrame, toReply, v1Call, v2Call } from './encode.ts';

const size = isThorough ? 1_000_000 : 100_000;
const names = Math.floor(size / 12);
const many = (part: string) => part.repeat(size / part.length);
const rules: AgreementRules = {
  outputs: [
    { name: 'y', normalized: true },
    { name: '$.a[*].b', abs: 1 },
    { name: '$[*][*]', normalized: true },
    { name: '*', rel: 0.1 },
  ],
  ignore: ['$.id', '$[*].a[*].a', '$.a[3]'],
};

const texts: Readonly<Record<string, string>> = {
  'levels of arrays': `${many('[')}${many(']')}`,
  'levels of objects': `${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}`,
  'levels that are not closed': many('['),
  'levels of arrays of numbers and a text': `${'[1,['.repeat(size / 8)}"a"${']]'.repeat(size / 8)}`,
  'empty arrays': `[${many('[],')}[]]`,
  'empty objects': `[${many('{},')}{}]`,
  'one name again and again': `{${many('"a":1,')}"a":1}`,
  'one name with an escape': `{${many('"\\u0061":1,')}"a":2}`,
  '__proto__ again and again': `{${many('"__proto__":{},')}"__proto__":1}`,
  'names in an order': `{${Array.from({ length: names }, (_, i) => `"${i}":1`).join(',')}}`,
  'names in the reverse order': `{${Array.from({ length: names }, (_, i) => `"${names - 1 - i}":1`).join(',')}}`,
  digits: `[${many('1')}]`,
  'digits of a fraction': `[0.${many('1')}]`,
  'zeros and a digit': `[0.${many('0')}1]`,
  'digits of an exponent': `[1e${many('9')},1e-${many('9')}]`,
  'whole numbers of 400 digits': `[${many(`${'9'.repeat(400)},`)}1]`,
  'a long text': `["${many('a')}"]`,
  'a text of escapes': `["${many('\\n')}"]`,
  'a text of escapes that is cut off': `["${many('\\u')}`,
  'a text of white space': `[["${many(' ')}a"]]`,
  'a text that grows when it is normalized': `[["${many('\ufdfa')}"]]`,
  'a text of marks': `[["a${many('\u0301\u0327')}"]]`,
  'white space': `[${many(' ')}]`,
  'outputs without names': `{"outputs":[${many('{},')}{}]}`,
  'outputs of one name': `{"outputs":[${many('{"name":"y","datatype":"FP32","shape":[1],"data":[1]},')}{"name":"y","datatype":"FP32","shape":[1],"data":[1]}]}`,
  'a shape of many axes': `{"outputs":[{"name":"y","datatype":"FP32","shape":[${many('1,')}1],"data":[1]}]}`,
  'a shape that overflows': '{"outputs":[{"name":"y","datatype":"BOOL","shape":[1e15,1e15,1e300],"data":[1]}]}',
  'a shape of no values': '{"outputs":[{"name":"y","datatype":"BOOL","shape":[9007199254740991,0],"data":[]}]}',
  'data in many levels': `{"outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":${many('[')}1${many(']')}}]}`,
};

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([Uint8Array.from([number * 8 + 2, ...varint(bytes.length)]), bytes]));
const fill = (...bytes: readonly number[]) => new Uint8Array(size).map((_, i) => bytes[i % bytes.length] ?? 0);
const text = (of: string) => new TextEncoder().encode(of);
const tensor = (datatype: string, shape: readonly number[], contents: Uint8Array) =>
  field(
    5,
    new Uint8Array(
      Buffer.concat([
        field(1, text('y')),
        field(2, text(datatype)),
        field(3, Uint8Array.from(shape.flatMap(varint))),
        contents,
      ]),
    ),
  );

const messages: Readonly<Record<string, Uint8Array>> = {
  'empty outputs': fill(0x2a, 0),
  'empty raw contents': fill(0x32, 0),
  'empty outputs and raw contents': fill(0x2a, 0, 0x32, 0),
  'groups that are not closed': fill(0x0b),
  'groups that are closed': new Uint8Array(Buffer.concat([fill(0x0b), fill(0x0c)])),
  'varints that do not end': fill(0xff),
  'varints of ten bytes': fill(0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  'a length that lies': new Uint8Array([0x2a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
  'a length of 64 bits': new Uint8Array([0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
  'many axes': tensor('BOOL', new Array<number>(size / 4).fill(1), field(5, field(1, fill(1)))),
  'axes one by one': field(5, fill(0x18, 1)),
  'many empty contents': field(5, fill(0x2a, 0)),
  'a shape that overflows': tensor('BOOL', [2 ** 40, 2 ** 40], field(5, field(1, fill(1)))),
  'empty texts': tensor('BYTES', [size / 2], field(5, fill(0x42, 0))),
  'numbers one by one': tensor('INT64', [size / 2], field(5, fill(0x18, 1))),
  'singles one by one': tensor('FP32', [size / 5], field(5, fill(0x35, 0, 0, 0, 1))),
  'raw texts of no bytes': new Uint8Array(
    Buffer.concat([tensor('BYTES', [size / 4], new Uint8Array()), field(6, fill(0))]),
  ),
  'raw texts whose lengths lie': new Uint8Array(
    Buffer.concat([tensor('BYTES', [2 ** 31], new Uint8Array()), field(6, fill(0xff))]),
  ),
};

function listPairs(): [string, Call, Reply, Reply][] {
  const all: [string, Call, Reply, Reply][] = [];
  for (const [name, of] of Object.entries(texts))
    for (const call of [v1Call, v2Call, chatCall]) {
      // Another byte somewhere in the middle, unless that is where only white space is.
      const reply = toReply(of, { 'content-type': 'application/json' });
      const other = reply.body.slice();
      const middle = Math.floor(other.length / 2);
      other[middle] = other[middle] === 0x31 ? 0x32 : (other[middle] ?? 0);
      all.push([name, call, reply, { ...reply, body: other }], [name, call, reply, toReply('[]')]);
    }
  for (const [name, message] of Object.entries(messages)) {
    const reply = toReply(toFrame(message));
    const other = reply.body.slice();
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    all.push([name, grpcCall, reply, reply], [name, grpcCall, reply, { ...reply, body: other }]);
  }
  return all;
}

test('no answer takes more than its share of time and memory', (t) => {
  const prototype = Object.getOwnPropertyNames(Object.prototype);
  for (const [name, call, one, other] of listPairs()) {
    const found = compareAnswers(call, one, other, rules);
    t.true(found.agrees === true || typeof found.code === 'string', name);
    compareAnswers(call, other, one, rules);
  }
  t.deepEqual(Object.getOwnPropertyNames(Object.prototype), prototype);
});

test('of names in the reverse order no time is lost', (t) => {
  const one = toReply(texts['names in an order'] ?? '', { 'content-type': 'application/json' });
  const other = toReply(texts['names in the reverse order'] ?? '', { 'content-type': 'application/json' });
  t.deepEqual(compareAnswers(v1Call, one, other, rules), { agrees: true });
});

test('names in another order take no more memory than a few bytes each', async (t) => {
  const many = Array.from({ length: 350_000 }, (_, i) => `"${i.toString(36)}":1`);
  const [one, other] = [many, many.toReversed()].map((members) => new TextEncoder().encode(`{${members.join(',')}}`));
  const source = `
    const { parentPort, workerData: { module, call, one, other } } = require('node:worker_threads');
    const toReply = (body) => ({ status: 200, headers: { 'content-type': 'application/json' }, trailers: {}, body });
    import(module).then(({ compareAnswers }) =>
      parentPort.postMessage(compareAnswers(call, toReply(one), toReply(other), { outputs: [], ignore: [] })));`;
  const worker = new Worker(source, {
    eval: true,
    workerData: {
      module: new URL('../../../src/compare/answers/compare-answers.ts', import.meta.url).href,
      call: v1Call,
      one,
      other,
    },
    resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 },
  });
  const [found] = await once(worker, 'message');
  t.deepEqual(found, { agrees: true });
});
