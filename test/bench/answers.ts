/**
 * How many pairs of answers are compared in a second of one CPU, reading and rules included.
 *
 * `equal`: both have the same bytes. `differing`: every number differs a little, within the rule's tolerance, so that
 * all of both answers is read; that is the slowest pair that agrees.
 */

import { compareAnswers } from '../../src/compare/answers/compare-answers.ts';
import type { Call, Reply } from '../../src/compare/answers/reply.ts';
import type { AgreementRules } from '../../src/core/analysis/analysis.ts';
import {
  grpcCall,
  type Output,
  toBinaryReply,
  toGrpcReply,
  toJson,
  toReply,
  toV2Reply,
  v1Call,
  v2Call,
} from '../compare/answers/encode.ts';
import { say } from './race.ts';

const rules: AgreementRules = {
  outputs: [
    { name: 'scores', abs: 1e-5, rel: 1e-3 },
    { name: 'predictions', abs: 1e-5, rel: 1e-3 },
  ],
  ignore: ['$.id'],
};

/** How long a case is run. */
const enoughMs = 1500;

let seed = 1;
/** Between 0 and 1, always the same ones. */
function draw(): number {
  seed = (seed * 1103515245 + 12345) % 2 ** 31;
  return seed / 2 ** 31;
}

interface Kind {
  readonly name: string;
  readonly call: Call;
  readonly bytesPerValue: number;
  readonly write: (values: readonly number[]) => Reply;
}

const toOutput = (values: readonly number[]): Output[] => [
  { name: 'scores', datatype: 'FP32', shape: [values.length / 4, 4], values },
];

const kinds: readonly Kind[] = [
  { name: 'gRPC raw', call: grpcCall, bytesPerValue: 4, write: (values) => toGrpcReply(toOutput(values), 'raw') },
  { name: 'gRPC typed', call: grpcCall, bytesPerValue: 4, write: (values) => toGrpcReply(toOutput(values), 'typed') },
  { name: 'V2 JSON', call: v2Call, bytesPerValue: 20, write: (values) => toV2Reply(toOutput(values)) },
  { name: 'V2 binary', call: v2Call, bytesPerValue: 4, write: (values) => toBinaryReply(toOutput(values)) },
  { name: 'V1 JSON', call: v1Call, bytesPerValue: 21, write: toV1Reply },
];

function toV1Reply(values: readonly number[]): Reply {
  const rows = Array.from({ length: values.length / 4 }, (_, i) => values.slice(4 * i, 4 * i + 4));
  return toReply(toJson({ predictions: rows }), { 'content-type': 'application/json' });
}

/** @returns pairs in a second of CPU. */
function measure(call: Call, primary: Reply, candidate: Reply): number {
  const compareOnce = () => {
    if (compareAnswers(call, primary, candidate, rules).agrees !== true) throw new Error('These agree.');
  };
  const warm = performance.now() + enoughMs / 3;
  while (performance.now() < warm) compareOnce();
  const before = process.cpuUsage();
  const end = performance.now() + enoughMs;
  let pairs = 0;
  while (performance.now() < end)
    for (let i = 0; i < 8; i++) {
      compareOnce();
      pairs++;
    }
  const { user, system } = process.cpuUsage(before);
  return pairs / ((user + system) / 1e6);
}

say(
  '',
  'Pairs of answers compared in a second of one CPU',
  '',
  `  ${'equal'.padStart(28)} ${'differing'.padStart(11)}`,
);
for (const size of [1000, 600_000])
  for (const { name, call, bytesPerValue, write } of kinds) {
    const values = Array.from({ length: 4 * Math.floor((0.95 * size) / bytesPerValue / 4) }, draw);
    const primary = write(values);
    const equal = measure(call, primary, write(values));
    const differing = measure(call, primary, write(values.map((value) => value * (1 + 1e-4 * draw()))));
    const length = `${(primary.body.length / 1000).toFixed(size < 10_000 ? 1 : 0)} kB`;
    const toColumn = (rate: number, width: number) => Math.round(rate).toLocaleString('en').padStart(width);
    say(`  ${name.padEnd(12)}${length.padStart(8)}${toColumn(equal, 10)} ${toColumn(differing, 11)}`);
  }
