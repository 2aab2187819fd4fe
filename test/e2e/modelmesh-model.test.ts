/** The fake of ModelMesh's controller against what the real one wrote (`fixtures/modelmesh/`). */
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { times } from '../thorough.ts';
import type { ModelReport } from './kserve-status.ts';
import { toStatus, toWords } from './kserve-status.ts';
import type { ModelEvent, Pods } from './modelmesh-model.ts';
import { step, toLoading, toNewModel, Unseen } from './modelmesh-model.ts';
import { readTable } from './recorded-table.ts';

const folder = join(import.meta.dirname, '../../fixtures/modelmesh');
const seen = readTable(join(folder, 'statuses.md')).map(([, words = '']) => words);
const sequences = readTable(join(folder, 'sequences.md'));

function toRevision(name: string) {
  return { name: `wisdom-1__isvc-${name}`, storageUri: `s3://models/${name}` };
}

/** `spec a unrecognized`, `pods none`, `failed in two writes`, `restart` … */
function toEvent(text: string): ModelEvent {
  const [kind = '', first = '', second] = text.trim().split(' ');
  if (kind === 'spec') return { kind, revision: toRevision(first), isRecognized: second !== 'unrecognized' };
  if (kind === 'pods') return { kind, pods: first as Pods };
  if (kind === 'failed') return { kind, inTwoWrites: first === 'in' };
  return { kind } as ModelEvent;
}

function play(events: readonly ModelEvent[], onStep = (_writes: readonly ModelReport[]) => {}): ModelReport[] {
  let model = toNewModel('ready');
  const all: ModelReport[] = [];
  for (const event of events) {
    // What is not loading does not come to an end.
    if ((event.kind === 'loaded' || event.kind === 'failed') && toLoading(model) === undefined) continue;
    const next = step(model, event, new Date());
    model = next.model;
    all.push(...next.writes);
    onStep(next.writes);
  }
  return all;
}

test('in each recorded scenario it writes what the real controller wrote, in that order', (t) => {
  t.true(sequences.length > 15, 'a table without rows proves nothing');
  for (const [recording = '', events = '', statuses = ''] of sequences)
    t.deepEqual(play(events.split(';').map(toEvent)).map(toWords), statuses.split(' → '), recording);
});

test('each status that was seen can be written: the recorded scenarios show all of them', (t) => {
  const shown = new Set(sequences.flatMap(([, , statuses = '']) => statuses.split(' → ')));
  t.is(seen.length, 16);
  t.deepEqual([...shown].sort(), [...seen].sort());
});

test('whatever happens, no status is written that was never seen', (t) => {
  const revision = fc.constantFrom('a', 'b', 'c');
  const event = fc.oneof(
    fc.record({ kind: fc.constant('spec' as const), revision: revision.map(toRevision), isRecognized: fc.boolean() }),
    fc.record({ kind: fc.constant('pods' as const), pods: fc.constantFrom<Pods>('ready', 'none', 'other') }),
    fc.record({ kind: fc.constant('failed' as const), inTwoWrites: fc.boolean() }),
    fc.constantFrom<ModelEvent>(
      { kind: 'loaded' },
      { kind: 'restart' },
      { kind: 'call' },
      { kind: 'retry' },
      { kind: 'replaced' },
      { kind: 'repeat' },
    ),
  );
  const written = new Set<string>();
  let known = 0;
  const runs = times(5000, 1000);
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (events) => {
      try {
        play(events, (writes) => {
          for (const words of writes.map(toWords)) {
            if (!seen.includes(words)) throw new Error(`${words} was never seen`);
            written.add(words);
          }
        });
        known++;
      } catch (error) {
        if (!(error instanceof Unseen)) throw error;
      }
    }),
    { numRuns: runs, seed: 12 },
  );
  t.true(written.size > 10, `${runs} sequences wrote only: ${[...written].join(', ')}`);
  t.true(known > runs / 2, `the fake knows what happens in only ${known} of ${runs} sequences`);
});

test('the status has the fields that the real one has', (t) => {
  const [loading, loaded] = play([toEvent('spec a'), toEvent('loaded')]);
  const at = new Date('2026-11-25T22:37:11.574Z');
  t.deepEqual(loaded && toStatus(loaded, 'modelmesh-serving', at), {
    components: {
      predictor: {
        grpcUrl: 'grpc://modelmesh-serving.modelmesh-serving:8033',
        restUrl: 'http://modelmesh-serving.modelmesh-serving:8008',
        url: 'grpc://modelmesh-serving.modelmesh-serving:8033',
      },
    },
    conditions: [
      { lastTransitionTime: '2026-11-25T22:37:11Z', status: 'True', type: 'PredictorReady' },
      { lastTransitionTime: '2026-11-25T22:37:11Z', status: 'True', type: 'Ready' },
    ],
    modelStatus: {
      copies: { failedCopies: 0, totalCopies: 1 },
      states: { activeModelState: 'Loaded', targetModelState: '' },
      transitionStatus: 'UpToDate',
    },
    url: 'grpc://modelmesh-serving.modelmesh-serving:8033',
  });
  t.deepEqual(loading?.copies, { failedCopies: 0, totalCopies: 1 });
});

test('copies are counted as the real one counts them', (t) => {
  const copies = (events: string) => play(events.split(';').map(toEvent)).map((report) => report.copies);
  const one = { failedCopies: 0, totalCopies: 1 };
  const two = { failedCopies: 0, totalCopies: 2 };
  const none = { failedCopies: 0 };
  // B-S3, B-S4, B-S7, B-S18 and B-S19, B-S24.
  t.deepEqual(copies('spec a; loaded; spec b; loaded'), [one, one, one, two, one]);
  t.deepEqual(copies('spec a; loaded; spec b; failed').at(-1), { failedCopies: 1, totalCopies: 2 });
  t.deepEqual(copies('spec a; failed').at(-1), { failedCopies: 1, totalCopies: 1 });
  t.deepEqual(copies('spec a; loaded; pods none; spec b; pods ready; loaded').slice(2), [one, none, one, one]);
  t.deepEqual(copies('spec a unrecognized'), [none]);
});

test('a failure’s text differs each time, as its request id does, and no failure is shown of what has no Pod', (t) => {
  const [, first, , second] = play(['spec a', 'failed', 'retry', 'failed'].map(toEvent));
  t.regex(
    first?.failure?.message ?? '',
    /AccessDenied: Access Denied\.\n\tstatus code: 403, request id: \w+, host id: $/,
  );
  t.not(first?.failure?.message, second?.failure?.message);
  t.is(first?.failure?.location?.length, 12);
  const [, , waiting] = play(['spec a', 'loaded', 'pods none', 'spec b'].map(toEvent));
  t.deepEqual(waiting?.failure, {
    reason: 'RuntimeUnhealthy',
    message: 'Waiting for runtime Pod to become available',
    modelRevisionName: 'wisdom-1__isvc-b',
  });
});
