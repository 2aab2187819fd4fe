import test from 'ava';
import { mask } from '../../../src/core/diagnostics/safe-text.ts';
import type { PromotedTrial } from '../../../src/core/edit/outcome.ts';
import { toMessage, toSubject } from '../../../src/output/words/edit.ts';
import { toNoteLines } from '../../../src/output/words/edit-note.ts';

const wording = { toPath: mask, flags: '' };

test('a share below 1 % is shown as a count of requests', (t) => {
  for (const [percentage, requests, outOf, text] of [
    [0.2, 2, 1000, '0.2 % is 2 requests in 1,000'],
    [0.01, 1, 10_000, '0.01 % is 1 request in 10,000'],
    [0.0001, 1, 1_000_000, '0.0001 % is 1 request in 1,000,000'],
  ] as const)
    t.deepEqual(toNoteLines({ code: 'small-share', percentage, requests, outOf }, wording) as string[], [text]);
});

test('the subject of a commit by hand lists the files while they are short, and does nothing at a host', (t) => {
  t.is(toSubject({ code: 'edit', files: ['a.yaml', 'b.yaml'] }), 'Edit a.yaml, b.yaml');
  t.is(toSubject({ code: 'edit', files: ['a', 'b', 'c'].map((name) => name.repeat(40)) }), 'Edit 3 files');
  t.is(toSubject({ code: 'edit', files: ['[skip ci].yaml'] }), 'Edit ［skip ci］.yaml');
});

const verdict = {
  verdict: 'Passing',
  by: 'sequence',
  at: '2027-01-01T00:00:00Z',
  rule: 'beta-binomial/1',
  confidence: 0.95,
  steps: 1,
  minSamples: 500,
  subject: {
    primary: { name: 'wisdom-0', digest: 'a' },
    candidate: { name: 'wisdom-1', digest: 'b' },
    analysis: 'c',
    step: 0,
    attempt: 0,
  },
  checks: [{ check: 'errors.rate', limit: 0.01, bad: 0, all: 2000, low: 0, high: 0.004 }],
} as const;
const trial: PromotedTrial = {
  version: 'v2',
  mirrored: { seconds: 3 * 86_400 + 4 * 3600, lastPercentage: 5, isWhole: true },
  verdict,
  isCompared: true,
};

test('what a candidate has behind it is shown with its promotion, and is in the commit', (t) => {
  const mirrored = (seconds: number, lastPercentage: number | undefined, isWhole: boolean) => ({
    mirrored: { seconds, lastPercentage, isWhole },
  });
  for (const [change, text] of [
    [
      {},
      'v2 was mirrored for 3 d 4 h, at 5 % last; Passing since 2027-01-01T00:00:00Z: errors.rate 0 of 2000, at most 0.4 % (limit 1 %)',
    ],
    [
      { ...mirrored(60, 100, false), verdict: undefined },
      'v2 was mirrored for at least 1 min, at 100 % last; nothing is decided about it',
    ],
    [
      { ...mirrored(0, undefined, true), verdict: undefined, isCompared: false },
      'v2 was never mirrored; it was not compared with the primary',
    ],
    [
      { ...mirrored(0, undefined, false), verdict: undefined },
      'v2 was not mirrored in the commits of this clone; nothing is decided about it',
    ],
    [
      { mirrored: undefined, verdict: undefined },
      "how long v2 was mirrored is not known, as git's history is not here; nothing is decided about it",
    ],
  ] as const) {
    const whole = { ...trial, ...change };
    t.deepEqual(toNoteLines({ code: 'tried', ...whole }, wording) as string[], [text]);
    t.is(toMessage({ code: 'promote', model: 'wisdom', version: 'v2', trial: whole }), `wisdom: promote v2\n\n${text}`);
  }
  t.is(toMessage({ code: 'discard', model: 'wisdom', version: 'v2' }), 'wisdom: discard v2');
});
