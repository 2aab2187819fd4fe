import test from 'ava';
import { mask } from '../../../src/core/diagnostics/safe-text.ts';
import { toNoteLines, toSubject } from '../../../src/output/words/edit.ts';

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
