import test from 'ava';
import fc from 'fast-check';
import type { Stage } from '../../../src/core/timeline/stages.ts';
import { computeTimeline, cutTimeline } from '../../../src/core/timeline/timeline.ts';
import { toWidth } from '../../../src/output/columns.ts';
import { toHistoryJson } from '../../../src/output/history-json.ts';
import { toHistoryPage } from '../../../src/output/history-page.ts';
import { toHistoryText } from '../../../src/output/history-text.ts';
import { toDurationText, toTimeText } from '../../../src/output/time-text.ts';
import { times } from '../../thorough.ts';
import { histories } from './timeline-examples.ts';

const runs = Number(process.env['MODEL_MIRROR_EDIT_RUNS'] ?? times(100, 12));

const model = { name: 'wisdom', namespace: 'models' };
const notes = { revision: { name: 'HEAD', commit: '0123456789' }, isShallow: true, leftOut: 2 };

test('time goes forward, and stages follow each other without gaps', (t) => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 1_500_000_000, max: 1_900_000_000 }), (history, now) => {
      const timeline = computeTimeline(model, history, now);
      const times = [timeline.from, ...timeline.events.map(({ time }) => time), timeline.to];
      t.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      for (const stages of [
        timeline.primaries,
        timeline.candidates,
        timeline.mirrors,
      ] as readonly (readonly Stage<unknown>[])[]) {
        if (history.length > 0) t.is(stages[0]?.from, timeline.from);
        for (const [i, stage] of stages.entries()) {
          t.true(stage.from <= stage.to);
          t.is(stage.to, stages[i + 1]?.from ?? timeline.to);
        }
      }
      for (const trial of timeline.trials) {
        const mirrored = trial.mirrored.reduce((sum, { seconds }) => sum + seconds, 0);
        t.true(mirrored <= trial.to - trial.from && trial.from >= timeline.from && trial.to <= timeline.to);
        t.true((trial.readyAfter ?? 0) <= trial.to - trial.from);
      }
      const open = timeline.mirrors.reduce((sum, { from, to, value }) => sum + value.length * (to - from), 0);
      const mirrored = timeline.trials
        .flatMap(({ mirrored }) => mirrored)
        .reduce((sum, { seconds }) => sum + seconds, 0);
      t.is(mirrored, open);
    }),
    { numRuns: runs },
  );
});

test('names and messages cannot break the page', (t) => {
  const known =
    'html head meta title style body main h1 h2 p div svg desc text rect line g circle table thead tbody tr th td ol ul li time b code q'.split(
      ' ',
    );
  fc.assert(
    fc.property(histories, (history) => {
      const timeline = computeTimeline(model, history, 1_900_000_000);
      const page = toHistoryPage(timeline, notes);
      const tags = [...page.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, tag = '']) => tag);
      t.deepEqual(
        tags.filter((tag) => !known.includes(tag)),
        [],
      );
      t.notRegex(page.replace(/^<!doctype html>/, ''), /<!/);
      t.notRegex(page.replaceAll('\n', ''), /[\p{Cc}\p{Cs}]/u);
      for (const [attributes] of page.matchAll(/<[a-z][^>]*>/g))
        t.notRegex(attributes, /\son[a-z]+=|javascript:|href|src=/i);
      t.is(toHistoryPage(computeTimeline(model, history, 1_900_000_000), notes), page);
      t.notThrows(() => JSON.parse(toHistoryJson(timeline, notes)));
    }),
    { numRuns: runs },
  );
});

test('no line is wider than the terminal or steers it', (t) => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 20, max: 120 }), (history, columns) => {
      const text = toHistoryText(computeTimeline(model, history, 1_900_000_000), notes, columns);
      for (const line of text.split('\n')) {
        t.true(toWidth(line) <= columns, line);
        t.notRegex(line, /\p{Cc}/u);
      }
    }),
    { numRuns: runs },
  );
});

test('a timeline that is cut at a time is the end of the whole', (t) => {
  const times = fc.integer({ min: 1_590_000_000, max: 1_910_000_000 });
  fc.assert(
    fc.property(histories, times, (history, since) => {
      const whole = computeTimeline(model, history, 1_900_000_000);
      const late = cutTimeline(whole, since);
      t.deepEqual(late.events, whole.events.slice(whole.events.length - late.events.length));
      t.true(late.events.every(({ time }) => time >= since && time >= late.from));
      t.is(whole.events.filter(({ time }) => time >= since).length, late.events.length);
      t.true(late.from >= whole.from && late.from <= late.to && late.to === whole.to);
      for (const [some, all] of [
        [late.primaries, whole.primaries],
        [late.candidates, whole.candidates],
        [late.mirrors, whole.mirrors],
      ] as readonly (readonly (readonly Stage<unknown>[])[])[]) {
        if (all === undefined || some === undefined || all.length === 0) continue;
        t.is(some[0]?.from, late.from);
        t.deepEqual(some.at(-1)?.value, all.at(-1)?.value);
        for (const [i, stage] of some.entries()) t.is(stage.to, some[i + 1]?.from ?? late.to);
      }
      t.deepEqual(
        late.trials,
        whole.trials.filter((trial) => late.trials.includes(trial)),
      );
      t.deepEqual(cutTimeline(whole, whole.from), whole);
    }),
    { numRuns: runs },
  );
});

test('content that may be older than the clone has no author', (t) => {
  const secret = 'Nemo Nobody';
  fc.assert(
    fc.property(histories, (history) => {
      const [first, ...others] = history;
      if (first === undefined || first.model === 'absent') return;
      const commit = { ...first.commit, author: undefined, mergedBy: secret, subject: secret };
      const timeline = computeTimeline(model, [{ ...first, commit }, ...others], 1_900_000_000);
      for (const text of [toHistoryText(timeline, notes, 80), toHistoryPage(timeline, notes)])
        t.false(text.includes(secret));
      const [event] = timeline.events;
      const news = ['model-added', 'candidate-declared', 'mirror-opened', 'mirror-closed', 'mirror-stays-closed'];
      t.false(event?.changes.some(({ code }) => news.includes(code)));
      t.is(timeline.trials.filter(({ by, from }) => by === undefined && from > timeline.from).length, 0);
    }),
    { numRuns: runs },
  );
});

test('times and durations agree with the calendar', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
      t.is(toTimeText(seconds), new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '));
    }),
  );
  const texts = [0, 59, 60, 61, 3600, 3660, 86_399, 86_400, 90_000, 8_640_000].map(toDurationText);
  t.deepEqual(texts, [
    '0 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '1 h 1 min',
    '23 h 59 min',
    '1 d',
    '1 d 1 h',
    '100 d',
  ]);
});
