/** Candidates on the fake server, which starts at once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './sandbox.ts';
import type { Standard } from './standard.ts';
import type { JudgedCandidate } from './standard-judged.ts';
import type { Predictions } from './standard-models.ts';

/** What each version predicts. */
const predictions: Predictions = { v1: 1, same: 1, other: 2, broken: 1, flaky: 1 };
/** Of each so many predictions one fails. */
const failing: Readonly<Record<string, number>> = { broken: 1, flaky: 5 };

export function putFakes({ store }: Standard): Predictions {
  for (const [version, prediction] of Object.entries(predictions)) {
    const folder = join(scratch, 'judged', version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'answer'), `${prediction}`);
    if (failing[version] !== undefined) writeFileSync(join(folder, 'fails'), `${failing[version]}`);
    store.put(`wisdom/${version}`, folder);
  }
  return predictions;
}

const checks = [{ errors: { candidateOnly: '2%' } }, { agreement: { atLeast: '98%' } }];
/** 100 calls a second from both sides together, of which a tenth are compared: closing is timed at that. */
const usual = { share: 10, calls: { rate: 50 } };

type FakeOptions = Pick<JudgedCandidate, 'what' | 'calls'> &
  Partial<JudgedCandidate> & {
    readonly version: string;
    /** How much is compared, in per cent. */
    readonly share: number;
  };

/** By default Passing. */
export function toFake(name: string, { version, share, ...more }: FakeOptions): JudgedCandidate {
  return {
    ...{ name, primary: { version: 'v1' }, candidate: { version }, protocols: ['rest', 'grpc'] },
    ...{ analysis: { share, minSamples: 200, checks }, right: [JSON.stringify([1])], verdict: 'Passing' },
    ...more,
  };
}

export const steady = toFake('steady', { version: 'same', what: 'is as good', share: 100, calls: { rate: 10 } });

export const closing: readonly JudgedCandidate[] = [
  toFake('differs', {
    ...{ version: 'other', what: 'predicts something else', ...usual },
    ...{ verdict: 'Failing', by: { check: 'agreement', bad: 1 }, withinMs: 15_000 },
  }),
  toFake('fails', {
    ...{ version: 'broken', what: 'fails always', ...usual },
    ...{ verdict: 'Failing', by: { check: 'errors.candidateOnly', bad: 1 }, withinMs: 15_000 },
  }),
  toFake('falters', {
    ...{ version: 'flaky', what: 'fails one call in five', ...usual },
    ...{ verdict: 'Failing', by: { check: 'errors.candidateOnly', bad: 0.2 }, withinMs: 60_000 },
  }),
];
