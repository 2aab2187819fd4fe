/** What must hold for any answers; those in gRPC are written by protobuf-es, with the protocol's own schema. */
import test from 'ava';
import fc from 'fast-check';
import { compareAnswers } from '../../../src/compare/answers/compare-answers.ts';
import { compareTensors } from '../../../src/compare/answers/compare-tensors.ts';
import { readGrpcAnswer } from '../../../src/compare/answers/grpc-answer.ts';
import { toPlaceOf } from '../../../src/compare/answers/place-of-rules.ts';
import type { Reply } from '../../../src/compare/answers/reply.ts';
import type { Tensor } from '../../../src/compare/answers/tensor.ts';
import { readV2Answer } from '../../../src/compare/answers/v2-json.ts';
import type { AgreementRules } from '../../../src/core/analysis/analysis.ts';
import { anyCharacter } from '../../any-character.ts';
import { times } from '../../thorough.ts';
import {
  grpcCall,
  type Output,
  toBinaryReply,
  toGrpcMessage,
  toGrpcReply,
  toJson,
  toReply,
  toV2Reply,
  v1Call,
  v2Call,
} from './encode.ts';

const exact: AgreementRules = { outputs: [], ignore: [] };
const numRuns = times(2000, 60);

const integers = (bits: number, isSigned: boolean) =>
  isSigned
    ? fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n })
    : fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
const small = (bits: number, isSigned: boolean) => integers(bits, isSigned).map(Number);

/** Values that a datatype holds exactly. */
const values: Readonly<Record<string, fc.Arbitrary<Output['values'][number]>>> = {
  BOOL: fc.boolean(),
  INT8: small(8, true),
  INT16: small(16, true),
  INT32: small(32, true),
  INT64: integers(64, true),
  UINT8: small(8, false),
  UINT16: small(16, false),
  UINT32: small(32, false),
  UINT64: integers(64, false),
  FP16: fc.float().map(Math.f16round),
  // A BF16 is a FP32 without its lower half.
  BF16: fc
    .integer({ min: 0, max: 0xffff })
    .map((half) => new Float32Array(new Uint32Array([half << 16]).buffer)[0] ?? 0),
  FP32: fc.float(),
  FP64: fc.double(),
  BYTES: fc
    .string({ unit: anyCharacter })
    .map((text) => new TextEncoder().encode(text.replaceAll(/[\ud800-\udfff]/g, ''))),
};
const onlyRaw = ['FP16', 'BF16'];

function toOutput(name: string): fc.Arbitrary<Output> {
  return fc
    .tuple(fc.constantFrom(...Object.keys(values)), fc.array(fc.nat(3), { maxLength: 3 }))
    .chain(([datatype, shape]) => {
      const count = shape.reduce((product, axis) => product * axis, 1);
      const all = fc.array(values[datatype] as fc.Arbitrary<Output['values'][number]>, {
        minLength: count,
        maxLength: count,
      });
      return all.map((some): Output => ({ name, datatype, shape, values: some }));
    });
}

const names = fc.uniqueArray(
  fc.oneof(fc.constantFrom('predict', '__proto__', 'logits:0'), fc.string({ minLength: 1 })),
  { maxLength: 4 },
);
const outputs = names.chain((all) => fc.tuple(...all.map(toOutput)));

function read(tensors: { readonly outputs: readonly Tensor[] } | undefined): readonly Tensor[] {
  if (tensors === undefined) throw new Error('It cannot be read.');
  return tensors.outputs;
}

test('one answer agrees with itself, in whichever of two ways it is written and in any order', (t) => {
  const place = toPlaceOf(exact, 'v2').go('outputs');
  fc.assert(
    fc.property(outputs, fc.infiniteStream(fc.nat()), (all, random) => {
      const isTyped = !all.some(({ datatype }) => onlyRaw.includes(datatype));
      const shuffled = all.map((output) => ({ output, key: random.next().value })).toSorted((a, b) => a.key - b.key);
      const moved = shuffled.map(({ output }) => output);
      const written = [
        read(readGrpcAnswer(toGrpcMessage(all, 'raw'))),
        ...(isTyped ? [read(readGrpcAnswer(toGrpcMessage(moved, 'typed')))] : []),
        read(readV2Answer(toV2Reply(moved))),
        read(readV2Answer(toBinaryReply(moved))),
      ];
      for (const one of written) for (const other of written) t.is(compareTensors(one, other, place), undefined);
    }),
    { numRuns },
  );
});

test('a value that changes is found, and an output that is renamed', (t) => {
  fc.assert(
    fc.property(
      outputs.filter((all) => all.some(({ values: some }) => some.length > 0)),
      fc.nat(),
      fc.nat(),
      fc.constantFrom('raw', 'JSON', 'binary'),
      (all, which, at, form) => {
        const whole = all.filter(({ values: some }) => some.length > 0);
        const output = whole[which % whole.length] as Output;
        const index = at % output.values.length;
        const old = output.values[index];
        const value =
          typeof old === 'boolean'
            ? !old
            : typeof old === 'bigint'
              ? old ^ 1n
              : old instanceof Uint8Array
                ? new Uint8Array([...old, 1])
                : toOther(old ?? 0, output.datatype);
        const changed = { ...output, values: output.values.map((one, i) => (i === index ? value : one)) };
        const others = all.map((one) => (one === output ? changed : one));
        const write =
          form === 'raw'
            ? (some: readonly Output[]) => toGrpcReply(some, 'raw')
            : form === 'JSON'
              ? (some: readonly Output[]) => toV2Reply(some)
              : (some: readonly Output[]) => toBinaryReply(some);
        const call = form === 'raw' ? grpcCall : v2Call;
        const found = compareAnswers(call, write(all), write(others), exact);
        t.like(found, { agrees: false, code: 'values', index });
        const renamed = all.map((one) => (one === output ? { ...one, name: `${one.name} twice${all.length}` } : one));
        t.like(compareAnswers(call, write(all), write(renamed), exact), { agrees: false, code: 'missing' });
      },
    ),
    { numRuns },
  );
});

/** Another value that the datatype holds. */
function toOther(value: number, datatype: string): number {
  if (datatype.startsWith('F') || datatype === 'BF16') return value === 1 ? 2 : 1;
  return value === 0 ? 1 : value - Math.sign(value);
}

/** Of a rule for output y and prediction alike. */
const toleranceRules = (abs: number, rel: number): AgreementRules => ({
  outputs: ['y', 'predictions'].map((name) => ({ name, abs, rel })),
  ignore: [],
});

const writers: readonly (readonly [typeof grpcCall, (all: readonly number[]) => Reply])[] = [
  ...(['raw', 'typed'] as const).map(
    (form) =>
      [
        grpcCall,
        (all: readonly number[]) =>
          toGrpcReply([{ name: 'y', datatype: 'FP64', shape: [all.length], values: all }], form),
      ] as const,
  ),
  [v2Call, (all) => toV2Reply([{ name: 'y', datatype: 'FP64', shape: [all.length], values: all }])],
  [v1Call, (all) => toReply(toJson({ predictions: all }))],
];

test('a difference within the tolerance is never found, and one beyond it always', (t) => {
  const number = fc.double({ min: -1e12, max: 1e12, noNaN: true });
  const tolerance = fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 20 }),
      fc.nat(),
      tolerance,
      tolerance,
      fc.double({ min: 0, max: 3, noNaN: true }),
      fc.boolean(),
      (all, at, abs, rel, part, isUp) => {
        const index = at % all.length;
        const old = all[index] ?? 0;
        const limit = abs + rel * Math.abs(old);
        const value = old + (isUp ? 1 : -1) * part * limit;
        // The oracle counts in what doubles are: a difference that rounding decides is not asked for.
        const difference = Math.abs(old - value);
        fc.pre(difference === 0 || Math.abs(difference - limit) > 1e-9 * limit);
        const others = all.map((one, i) => (i === index ? value : one));
        for (const [call, write] of writers) {
          const found = compareAnswers(call, write(all), write(others), toleranceRules(abs, rel));
          if (difference <= limit) t.true(found.agrees);
          else t.like(found, { agrees: false, code: 'values', index, difference });
        }
      },
    ),
    { numRuns: 2 * numRuns },
  );
});

test('top1 agrees exactly where some index holds a largest value of both', (t) => {
  const row = fc.array(fc.constantFrom(-1, 0, 0.25, 1, 3), { minLength: 2, maxLength: 5 });
  const rules: AgreementRules = { outputs: ['y', 'predictions'].map((name) => ({ name, top1: true })), ignore: [] };
  fc.assert(
    fc.property(
      row.chain((one) =>
        fc.tuple(
          fc.constant(one),
          fc.array(fc.constantFrom(-1, 0, 0.25, 1, 3), { minLength: one.length, maxLength: one.length }),
        ),
      ),
      ([one, other]) => {
        const tops = (all: readonly number[]) =>
          new Set(all.flatMap((value, i) => (value === Math.max(...all) ? [i] : [])));
        const expected = [...tops(one)].some((i) => tops(other).has(i));
        for (const [call, write] of writers)
          t.is(compareAnswers(call, write(one), write(other), rules).agrees, expected);
      },
    ),
    { numRuns },
  );
});

test('of two decimals the exact values are compared', (t) => {
  const digits = fc.bigInt({ min: 2n ** 53n, max: 10n ** 25n });
  fc.assert(
    fc.property(digits, fc.bigInt({ min: -3n, max: 3n }), (value, change) => {
      const found = compareAnswers(
        v1Call,
        toReply(`{"predictions":[${value}]}`),
        toReply(`{"predictions":[${value + change}]}`),
        exact,
      );
      t.is(found.agrees, change === 0n);
    }),
    { numRuns },
  );
});

test('two texts of JSON agree exactly where their values are equal', (t) => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const same = (a: unknown, b: unknown): boolean => {
    if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => same(one, b[i]));
    if (
      typeof a === 'object' &&
      typeof b === 'object' &&
      a !== null &&
      b !== null &&
      !Array.isArray(a) &&
      !Array.isArray(b)
    ) {
      const [names, others] = [Object.keys(a), Object.keys(b)];
      return (
        names.length === others.length &&
        names.every(
          (name) =>
            Object.hasOwn(b, name) && same((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
        )
      );
    }
    return a === b;
  };
  const compare = (a: unknown, b: unknown, space?: number) =>
    compareAnswers(v1Call, toReply(JSON.stringify(a)), toReply(JSON.stringify(b, null, space)), exact).agrees;
  fc.assert(
    fc.property(value, value, (a, b) => {
      t.is(compare(a, b), same(a, b));
      t.true(compare(a, a, 1));
      t.is(compare([a, { b }], [a, { b: a }], 2), same(a, b));
    }),
    { numRuns },
  );
});

test('whatever bytes come, nothing is thrown, and the same again is found', (t) => {
  const sample = fc.tuple(outputs, fc.constantFrom('raw', 'typed', 'JSON', 'binary', 'V1'));
  const toSample = (all: readonly Output[], form: string) => {
    const some = form === 'typed' ? all.filter(({ datatype }) => !onlyRaw.includes(datatype)) : all;
    if (form === 'raw' || form === 'typed') return [grpcCall, toGrpcReply(some, form)] as const;
    if (form === 'JSON') return [v2Call, toV2Reply(some)] as const;
    if (form === 'binary') return [v2Call, toBinaryReply(some)] as const;
    return [v1Call, toReply(toJson({ predictions: some.map(({ values: of }) => of) }))] as const;
  };
  const change = fc.record({ at: fc.nat(), remove: fc.nat(3), add: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(
    fc.property(
      sample,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      ([all, form], changes, isPrimary) => {
        const [call, reply] = toSample(all, form);
        const bytes = changes.reduce((body, { at, remove, add }) => {
          const start = at % (body.length + 1);
          return new Uint8Array(Buffer.concat([body.subarray(0, start), add, body.subarray(start + remove)]));
        }, reply.body);
        const broken = { ...reply, body: bytes };
        const [one, other] = isPrimary ? [broken, reply] : [reply, broken];
        const found = compareAnswers(call, one, other, toleranceRules(0.1, 0.1));
        t.true(found.agrees === true || typeof found.code === 'string');
        t.deepEqual(compareAnswers(call, one, other, toleranceRules(0.1, 0.1)), found);
        // What can be read at all agrees with itself.
        t.not(compareAnswers(call, broken, { ...broken, body: broken.body.slice() }, exact).agrees, false);
      },
    ),
    { numRuns: times(20_000, 300) },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), (one, other) => {
      for (const call of [grpcCall, v2Call, v1Call]) compareAnswers(call, toReply(one), toReply(other), exact);
      const framed = [one, other].map((body) => toReply(new Uint8Array([0, 0, 0, 0, body.length, ...body]))) as [
        Reply,
        Reply,
      ];
      compareAnswers(grpcCall, framed[0], framed[1], exact);
      t.pass();
    }),
    { numRuns: times(20_000, 300) },
  );
});
