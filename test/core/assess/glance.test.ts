/** What is said of models: every difference is reached, and the table fits. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { differenceCodes } from '../../../src/core/assess/difference.ts';
import type { Glance } from '../../../src/core/assess/glance.ts';
import { computeGlance } from '../../../src/core/assess/glance.ts';
import type { Goal } from '../../../src/core/assess/wait.ts';
import { computeWaited } from '../../../src/core/assess/wait.ts';
import type { SafeText } from '../../../src/core/diagnostics/safe-text.ts';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import type { ModelStatus } from '../../../src/core/input/schema.ts';
import { toWidth } from '../../../src/output/columns.ts';
import { toStatusDetail, toStatusJson, toStatusTable } from '../../../src/output/status-table.ts';
import { plainStyle } from '../../../src/output/style.ts';
import type { Files } from '../render/memory-tree.ts';
import { render } from '../render/memory-tree.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/status');
const speech = { toPath: (file: string) => file, toWord: (file: string) => file, flags: '', clusters: [] };

function readInput(name: string): Files {
  const folder = join(fixtures, name, 'input');
  const found = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    found.map(({ parentPath, name: file }) => {
      const path = join(parentPath, file);
      return [relative(folder, path), readFileSync(path, 'utf8')];
    }),
  );
}

const files = readInput('every-difference');

function look(live?: ModelStatus['status'], input: Files = files): Glance[] {
  return render(input).rollouts.map((rendered) => computeGlance(rendered, { live }, speech));
}

const glances = look();
const find = (name: string) => glances.filter((glance) => glance.name === name);

test('every difference is reached, has its words, and what to do next', (t) => {
  const pending = { uncommitted: ['model.yaml'], unpushed: [], step: { command: safe`git push` }, canPush: true };
  const all = [
    ...glances,
    ...look({}),
    ...look({ primary: { name: 'a', state: 'Missing' } }),
    ...[pending, { ...pending, uncommitted: [], unpushed: ['a', 'b', 'c', 'd', 'e'] }].flatMap((one) =>
      render(files).rollouts.map((rendered) => computeGlance(rendered, { pending: one }, speech)),
    ),
  ];
  const codes = new Set(all.flatMap(({ differences }) => differences.map(({ code }) => code)));
  t.deepEqual(
    differenceCodes.filter((code) => !codes.has(code)),
    [],
  );
  for (const { differences, next } of all) {
    t.regex(next, /^[a-z`].+[^.]$/);
    for (const { text } of differences) t.regex(text, /^[a-z0-9].+[^.]$/);
    const order = differences.map(({ code }) => differenceCodes.indexOf(code));
    t.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  }
});

test('every model of the fixture is called by its most urgent difference', (t) => {
  for (const { name, differences } of glances) {
    const called = name.slice(2);
    const code = differences[0]?.code ?? (name.startsWith('a-') ? 'mirrored' : 'idle');
    t.is(code, called === 'gate-none' ? 'candidate-not-ready' : called);
  }
});

test('the preview has its words too', (t) => {
  const [rendered] = render(readInput('one-not-seen'), { assumeReady: true }).rollouts;
  const gate = rendered && computeGlance(rendered, {}, speech).gate;
  t.deepEqual(gate, {
    code: 'assumed-ready',
    open: true,
    text: 'open at 100 %: every candidate is assumed to be ready',
  });
});

test('the cluster is told from git: what Argo CD has not applied, and what the watcher has not committed', (t) => {
  const [model] = find('q-candidate-not-ready');
  const { primary, candidate } = (model as Glance).desired;
  const seen = (digest: string, state: 'Ready' | 'Loading') => {
    const input = Object.fromEntries(Object.entries(files).filter(([path]) => path.includes('/q-')));
    const live = {
      primary: { name: primary.name, digest: primary.digest, state: 'Ready' as const },
      candidate: { name: candidate?.name ?? '', digest, state },
    };
    return look(live, input)[0]?.differences.map(({ text }) => text);
  };
  t.deepEqual(seen(candidate?.digest ?? '', 'Loading'), ['the candidate is Loading']);
  t.deepEqual(seen(candidate?.digest ?? '', 'Ready'), [
    'the status file says "Loading" of the candidate, and it is Ready',
  ]);
  t.is(seen('00', 'Ready')?.[0], safe`Argo CD has not applied this spec of the candidate yet`);
});

test('waiting: what has come, what may come, what cannot by waiting', (t) => {
  const waited = (goal: Goal, name: string) => computeWaited(find(name), goal, true).outcome;
  const expected: Record<string, readonly [ready: string, mirrored: string, idle: string]> = {
    'a-mirrored': ['reached', 'reached', 'stuck'],
    'b-idle': ['stuck', 'stuck', 'reached'],
    'c-status-ignored': ['waiting', 'waiting', 'stuck'],
    'd-no-status': ['waiting', 'waiting', 'stuck'],
    'g-candidate-failed': ['stuck', 'stuck', 'stuck'],
    'h-mirror-still-open': ['stuck', 'stuck', 'waiting'],
    'l-candidate-other': ['waiting', 'waiting', 'stuck'],
    'm-candidate-other-digest': ['waiting', 'waiting', 'stuck'],
    'o-candidate-missing': ['waiting', 'waiting', 'stuck'],
    'q-candidate-not-ready': ['waiting', 'waiting', 'stuck'],
    'r-percentage-zero': ['reached', 'stuck', 'stuck'],
    's-mirror-not-applied': ['reached', 'waiting', 'stuck'],
    't-candidate-leaving': ['stuck', 'stuck', 'waiting'],
    'u-gate-none': ['stuck', 'reached', 'stuck'],
  };
  for (const [name, outcomes] of Object.entries(expected))
    t.deepEqual([waited('ready', name), waited('mirrored', name), waited('idle', name)], [...outcomes], name);
  // Without a name those that have no candidate are no matter.
  t.is(computeWaited([...find('a-mirrored'), ...find('b-idle')], 'ready', false).outcome, 'reached');
  t.is(computeWaited(find('b-idle'), 'ready', false).text, safe`no model has a candidate`);
});

test('without a gate, what is mirrored must be the candidate that is declared', (t) => {
  const [glance] = find('u-gate-none');
  const { desired, observed } = glance as Glance;
  const wait = (digest: string | undefined) => {
    const candidate = { ...desired.candidate, digest, state: 'Loading' as const } as NonNullable<
      Glance['observed']
    >['candidate'];
    return computeWaited([{ ...(glance as Glance), observed: { ...observed, candidate } }], 'mirrored', true).outcome;
  };
  t.is(wait(desired.candidate?.digest), 'reached');
  t.is(wait('0'.repeat(32)), 'waiting');
});

test('what to check follows from the reason of a failure', (t) => {
  const own = Object.entries(files).filter(([path]) => path.includes('/g-'));
  const next = (reason: string, template = '') => {
    const changed = own.map(([path, text]) => [
      path,
      text.replace(/(modelFormat: \{name: sklearn\})/, `$1${template}`),
    ]);
    const input = Object.fromEntries(changed) as Files;
    const { primary, candidate } = (look(undefined, input)[0] as Glance).desired;
    const [glance] = look(
      {
        primary: { ...primary, state: 'Ready' },
        candidate: { ...(candidate as Glance['desired']['primary']), state: 'Failed', reason },
      },
      input,
    );
    return glance?.next.replace(/, or `model-mirror discard .*$/, '');
  };
  const model = 'models/g-candidate-failed/model.yaml';
  // The line of each field, as in the file of the fixture.
  const lines = (files[model] ?? '').split('\n');
  const at = (field: string, after = 0) =>
    `${model}:${lines.findIndex((line, i) => i >= after && line.includes(field)) + 1}`;
  const candidate = lines.findIndex((line) => line.includes('candidate:'));
  t.is(next('ModelLoadFailed'), `check storageUri in ${at('storageUri', candidate)}`);
  t.is(next('NoSupportingRuntime'), `check modelFormat in ${at('modelFormat')} (no ServingRuntime supports it)`);
  t.is(next('RuntimeUnhealthy'), 'check the Pods of its ServingRuntime');
  t.regex(next('InvalidPredictorSpec') ?? '', /^check the spec in .*:\d+ \(KServe does not accept it\)$/);
  t.regex(next('RuntimeNotRecognized') ?? '', /^check the spec in .*:\d+ \(KServe does not find the ServingRuntime\)$/);
  const runtime = '\n          runtime: mlserver-2';
  const line = Number(/:(\d+)$/.exec(at('modelFormat'))?.[1]) + 1;
  for (const reason of ['RuntimeNotRecognized', 'RuntimeDisabled'])
    t.true(next(reason, runtime)?.startsWith(`check runtime in ${model}:${line} (`), next(reason, runtime));
  // A reason that is not known yet is no reason to guess.
  t.is(next('SomethingNew'), 'check what KServe reports: kubectl describe inferenceservice g-candidate-failed-1');
});

test('no reason that the cluster gives steers the terminal of who waits', (t) => {
  const reason = '\u001b[2J s3://me:secret@m';
  const seen = ({ desired, ...glance }: Glance): Glance => ({
    ...glance,
    desired,
    observed: {
      primary: { ...desired.primary, state: 'Failed', reason },
      ...(desired.candidate && { candidate: { ...desired.candidate, state: 'Failed', reason } }),
    },
  });
  for (const [name, goal, version] of [
    ['q-candidate-not-ready', 'ready', 'v2'],
    ['b-idle', 'idle', 'v1'],
  ] as const) {
    const { outcome, text } = computeWaited(find(name).map(seen), goal, true);
    t.is(outcome, 'stuck');
    t.is(text as string, `${name}: ${version} is Failed (\\u001b[2J s3://…@m)`);
  }
});

test('the order of files changes no byte', (t) => {
  const show = (input: Files) => {
    const all = look(undefined, input);
    const details = all.map((glance) => toStatusDetail(glance, speech.toPath, plainStyle));
    return (
      toStatusTable(all, 80, plainStyle) + toStatusJson(all, { revision: undefined, problems: [] }) + details.join('')
    );
  };
  t.is(show(Object.fromEntries(Object.entries(files).toReversed())), show(files));
});

test('no line of the table is wider than the terminal, whatever things are called', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('模型', 'ééé', '👩‍🚀🚀', '\u0007\u202e\n', 'wisdom', 'a'.repeat(63)),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(glances.length - 1), text, text), { maxLength: 5 }),
      fc.integer({ min: 1, max: 200 }),
      (picked, width) => {
        const odd = picked.map(([i, name, reason]): Glance => {
          const glance = glances[i] as Glance;
          const { primary, candidate } = glance.desired;
          return {
            ...glance,
            namespace: name,
            desired: { ...glance.desired, primary: { ...primary, version: reason } },
            observed: {
              ...glance.observed,
              mirror: { to: reason, percentage: 0.0001 },
              candidate: { name: candidate?.name ?? name, digest: candidate?.digest ?? '', state: 'Failed', reason },
            },
            differences: [{ code: 'candidate-failed', text: `${reason} ${name}` as SafeText }],
          };
        });
        for (const line of toStatusTable(odd, width, plainStyle).split('\n')) {
          if (toWidth(line) > width) return false;
          if (line !== line.trimEnd()) return false;
        }
        return true;
      },
    ),
  );
  const whole = toStatusTable(glances, undefined, plainStyle);
  t.is(toStatusTable(glances, 1000, plainStyle), whole);
});

test('a status file cannot steer a terminal', (t) => {
  const evil = '\u001b[2Jevil';
  const path = 'models/q-candidate-not-ready/status.yaml';
  const input = {
    ...Object.fromEntries(Object.entries(files).filter(([file]) => file.includes('/q-'))),
    [path]: (files[path] ?? '').replace(
      'state: Loading',
      `state: Failed, reason: ${JSON.stringify(evil)}, message: ${JSON.stringify(evil)}`,
    ),
  };
  const other = {
    ...input,
    [path]: (files[path] ?? '').replace(/name: q-candidate-not-ready-1/, `name: ${JSON.stringify(evil)}`),
  };
  for (const one of [input, other]) {
    const all = look(undefined, one);
    const shown = [
      toStatusTable(all, undefined, plainStyle),
      ...all.map((glance) => toStatusDetail(glance, speech.toPath, plainStyle)),
      computeWaited(all, 'ready', true).text,
      toStatusJson(all, { revision: undefined, problems: [] }),
    ].join('');
    t.regex(shown, /evil/);
    t.false(shown.includes('\u001b'));
  }
});

test('wide characters take two places, combining ones none', (t) => {
  t.is(toWidth('wisdom'), 6);
  t.is(toWidth('模型'), 4);
  t.is(toWidth('e\u0301'), 1);
  t.is(toWidth('🚀'), 2);
  t.is(toWidth('é…→'), 3);
});
