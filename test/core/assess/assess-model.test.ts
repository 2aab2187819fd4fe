/** What is reported of models: every difference is found, and the table fits. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type {
  AssessedCandidate,
  AssessedVersion,
  Assessment,
  AssessOptions,
  DesiredVersion,
} from '../../../src/core/assess/assess-model.ts';
import { assessModel } from '../../../src/core/assess/assess-model.ts';
import { differenceCodes } from '../../../src/core/assess/difference.ts';
import type { Goal } from '../../../src/core/assess/goal.ts';
import { judgeWait } from '../../../src/core/assess/wait.ts';
import type { ModelStatus } from '../../../src/core/input/schema.ts';
import { toStatusJson } from '../../../src/output/assessment-json.ts';
import { toWidth } from '../../../src/output/columns.ts';
import { toStatusDetail } from '../../../src/output/status-detail.ts';
import { toStatusTable } from '../../../src/output/status-table.ts';
import { plainStyle } from '../../../src/output/style.ts';
import { toDifferenceText } from '../../../src/output/words/difference.ts';
import { toGateText } from '../../../src/output/words/gate.ts';
import { toNextText } from '../../../src/output/words/next-step.ts';
import { toWaitText } from '../../../src/output/words/wait.ts';
import type { Files } from '../render/memory-tree.ts';
import { render } from '../render/memory-tree.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/status');
const toSame = (file: string) => file;
const place = { folder: undefined, toPath: toSame };
const wording = { toPath: toSame, toWord: toSame, place, flags: '', look: ' --fetch' };
const toTable = (assessments: readonly Assessment[], width?: number) =>
  toStatusTable(assessments, { width, wording, style: plainStyle });

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

function assess(options: AssessOptions = {}, input: Files = files): Assessment[] {
  return render(input).rollouts.map((rendered) => assessModel(rendered, options));
}

const assessments = assess();
const toDesired = (assessment: Assessment | undefined): DesiredVersion[] =>
  assessment === undefined ? [] : [assessment.primary, ...assessment.candidates].map(({ desired }) => desired);
const find = (name: string) => assessments.filter((assessment) => assessment.name === name);

test('every difference is found, the most urgent first, and has its words and a next step', (t) => {
  const step = { code: 'run', commands: [{ words: ['push'] }] } as const;
  const pending = { uncommitted: ['model.yaml'], unpushed: [], step, canPush: true };
  const all = [
    ...assessments,
    ...assess({ live: { candidates: [] } }),
    ...assess({ live: { primary: { name: 'a', state: 'Missing' }, candidates: [] } }),
    ...assess({ pending }),
    ...assess({ pending: { ...pending, uncommitted: [], unpushed: ['a', 'b', 'c', 'd', 'e'] } }),
    ...assess({ clusters: ['east', 'west'] }),
  ];
  const codes = new Set(all.flatMap(({ differences }) => differences.map(({ code }) => code)));
  t.deepEqual(
    differenceCodes.filter((code) => !codes.has(code)),
    [],
  );
  for (const assessment of all) {
    const { differences } = assessment;
    t.regex(toNextText(assessment, wording), /^[a-z].+[^.]$/);
    for (const one of differences) t.regex(toDifferenceText(one, wording), /^[a-z0-9].+[^.]$/);
    const order = differences.map(({ code }) => differenceCodes.indexOf(code));
    t.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  }
});

test('the next step follows from the most urgent difference', (t) => {
  const next = (name: string, options: AssessOptions = {}) => {
    const input = Object.fromEntries(Object.entries(files).filter(([path]) => path.includes(`/${name}/`)));
    const [{ next: step }] = assess(options, input) as [Assessment];
    return step;
  };
  const pending = { uncommitted: [], unpushed: [], step: { code: 'no-remote' } as const, canPush: false };
  t.deepEqual(next('d-no-status'), {
    code: 'wait-for-status',
    file: 'models/d-no-status/status.yaml',
    goal: 'ready',
    mayNeedPush: true,
  });
  t.deepEqual(next('d-no-status', { clusters: ['east'] }), { code: 'choose-cluster', clusters: ['east'] });
  t.deepEqual(next('m-candidate-other-digest', { pending }), {
    code: 'wait-for-sync',
    goal: 'ready',
    mayNeedPush: false,
  });
  t.deepEqual(next('s-mirror-not-applied'), { code: 'wait-for-sync', goal: 'mirrored', mayNeedPush: false });
  t.deepEqual(next('t-candidate-leaving'), { code: 'wait-for-sync', goal: 'idle', mayNeedPush: false });
  t.deepEqual(next('r-percentage-zero'), { code: 'open-mirror', percentage: 20, policy: undefined, here: false });
  t.deepEqual(next('b-idle'), { code: 'set-candidate', flag: '--storage-uri' });
  t.deepEqual(next('a-mirrored'), {
    code: 'judge-candidates',
    candidates: [{ version: 'v2', percentage: 20 }],
  });
});

test('every model of the fixture is called by its most urgent difference', (t) => {
  for (const { name, differences } of assessments) {
    const called = name.slice(2);
    const code = differences[0]?.code ?? (name.startsWith('a-') ? 'mirrored' : 'idle');
    t.is(code, called === 'gate-none' ? 'candidate-not-ready' : called);
  }
});

test('the preview shows that readiness is assumed', (t) => {
  const [rendered] = render(readInput('one-not-seen'), { assumeReady: true }).rollouts;
  const gate = rendered && assessModel(rendered, {}).candidates[0]?.mirror;
  t.deepEqual(gate, { percentage: 100, reason: { code: 'assumed-ready' } });
  t.is(gate && (toGateText(gate) as string), 'open at 100 %: every candidate is assumed to be Ready');
});

test('a look at the cluster shows what Argo CD has not applied, and what the watcher has not committed', (t) => {
  const [model] = find('q-candidate-not-ready');
  const [primary, candidate] = toDesired(model);
  const observe = (digest: string, state: 'Ready' | 'Loading') => {
    const input = Object.fromEntries(Object.entries(files).filter(([path]) => path.includes('/q-')));
    const live = {
      primary: { name: primary?.name ?? '', digest: primary?.digest, state: 'Ready' as const },
      candidates: [{ name: candidate?.name ?? '', version: 'v2', digest, state }],
    };
    return assess({ live }, input)[0]?.differences;
  };
  const reference = { role: 'candidate' as const, name: 'q-candidate-not-ready-1', version: 'v2' };
  t.deepEqual(observe(candidate?.digest ?? '', 'Loading'), [
    { code: 'candidate-not-ready', ...reference, state: 'Loading', reason: undefined },
  ]);
  t.deepEqual(observe(candidate?.digest ?? '', 'Ready'), [
    { code: 'status-behind', ...reference, inFile: 'Loading', inCluster: 'Ready' },
  ]);
  t.deepEqual(observe('00', 'Ready')?.[0], { code: 'candidate-other-digest', ...reference, source: 'cluster' });
});

test('a candidate that was promoted with its own name is not leaving, though it is still mirrored to', (t) => {
  const [rendered] = render(
    Object.fromEntries(Object.entries(files).filter(([path]) => path.includes('/b-'))),
  ).rollouts;
  if (rendered === undefined) throw new Error('the fixture has no model');
  const { version, digest } = rendered.primary;
  const primary = { name: version.name, digest, state: 'Ready' as const };
  const live = { primary, candidates: [{ ...primary, mirror: { percentage: 20 } }] };
  const assessment = assessModel({ ...rendered, status: undefined }, { live });
  t.deepEqual(assessment.differences, [
    { code: 'no-status' },
    { code: 'mirror-still-open', to: version.name, observed: 20 },
  ]);
  t.notRegex(toTable([assessment]), /leaving/);
});

test('each candidate of a list has its own state, mirror and differences', (t) => {
  const [rendered] = render(
    Object.fromEntries(Object.entries(files).filter(([path]) => path.includes('/a-'))),
  ).rollouts;
  const [first] = rendered?.candidates ?? [];
  if (rendered === undefined || first === undefined) throw new Error('the fixture has no candidate');
  const version = { ...first.version, name: 'a-mirrored-2', declared: { ...first.version.declared, version: 'v3' } };
  const two = { ...rendered, candidates: [first, { ...first, version }] };
  const { digest } = first;
  const live: ModelStatus['status'] = {
    primary: { name: 'a-mirrored-0', digest: rendered.primary.digest, state: 'Ready' },
    candidates: [
      { name: 'old', state: 'Ready', mirror: { percentage: 3 } },
      { name: 'a-mirrored-2', digest, state: 'Failed', reason: 'ModelLoadFailed' },
      { name: 'a-mirrored-1', digest, state: 'Ready', mirror: { percentage: 20 } },
    ],
  };
  const assessment = assessModel({ ...two, status: undefined }, { live });
  t.deepEqual(assessment.differences, [
    { code: 'no-status' },
    {
      code: 'candidate-failed',
      role: 'candidate',
      name: 'a-mirrored-2',
      version: 'v3',
      state: 'Failed',
      reason: 'ModelLoadFailed',
    },
    { code: 'mirror-still-open', to: 'old', observed: 3 },
    { code: 'mirror-not-applied', to: 'a-mirrored-2', desired: 20, observed: 0 },
    { code: 'candidate-leaving', name: 'old' },
  ]);
  const { outcome, models } = judgeWait([assessment], 'ready', true);
  t.is(outcome, 'stuck');
  t.deepEqual(
    models.map(({ reason }) => reason),
    [{ code: 'state', version: 'v3', state: 'Failed', reason: 'ModelLoadFailed' }],
  );
  t.regex(
    toTable([assessment]),
    / v2 Ready, v3 Failed ModelLoadFailed, leaving Ready {2}20 %, 20 % \(live 0 %\), live 3 % to old /,
  );
  t.regex(
    toStatusDetail(assessment, wording, plainStyle),
    /\nMirror to v2: open at 20 %.*\nMirror to v3: open at 20 %/,
  );
  const [model] = JSON.parse(toStatusJson([assessment], { revision: undefined, problems: [] }, wording)).models;
  t.deepEqual(
    model.desired.candidates.map((one: { name: string }) => one.name),
    ['a-mirrored-1', 'a-mirrored-2'],
  );
  // With both Ready and mirrored, either is waited for and reached.
  const both = live.candidates.slice(1).map((one) => ({ ...one, state: 'Ready' as const, mirror: { percentage: 20 } }));
  const done = assessModel(two, { live: { ...live, candidates: both } });
  t.deepEqual(
    judgeWait([done], 'mirrored', true).models.map(({ reason }) => reason),
    ['v2', 'v3'].map((one) => ({ code: 'mirrored', version: one, percentage: 20 })),
  );
});

test('waiting: what is reached, what may be, and what cannot be by waiting', (t) => {
  const judge = (goal: Goal, name: string) => judgeWait(find(name), goal, true).outcome;
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
    t.deepEqual([judge('ready', name), judge('mirrored', name), judge('idle', name)], [...outcomes], name);
  // Without a name, models that have no candidate do not count.
  t.is(judgeWait([...find('a-mirrored'), ...find('b-idle')], 'ready', false).outcome, 'reached');
  t.deepEqual(judgeWait(find('b-idle'), 'ready', false), { outcome: 'stuck', models: [] });
});

test('without a gate, what is mirrored must be the candidate that is declared', (t) => {
  const [assessment] = find('u-gate-none') as [Assessment];
  const [candidate] = assessment.candidates as [AssessedCandidate];
  const wait = (digest: string) => {
    const observed = { name: candidate.desired.name, digest, state: 'Loading' as const };
    return judgeWait([{ ...assessment, candidates: [{ ...candidate, observed }] }], 'mirrored', true).outcome;
  };
  t.is(wait(candidate.desired.digest), 'reached');
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
    const [primary, candidate] = toDesired(assess({}, input)[0]);
    const live = {
      primary: { ...(primary as DesiredVersion), state: 'Ready' as const },
      candidates: [{ ...(candidate as DesiredVersion), state: 'Failed' as const, reason }],
    };
    const [assessment] = assess({ live }, input) as [Assessment];
    return toNextText(assessment, wording).replace(/, or discard the candidate with .*$/, '');
  };
  const model = 'models/g-candidate-failed/model.yaml';
  // The line of each field, as in the file of the fixture.
  const lines = (files[model] ?? '').split('\n');
  const at = (field: string, after = 0) =>
    `${model}:${lines.findIndex((line, i) => i >= after && line.includes(field)) + 1}`;
  const candidate = lines.findIndex((line) => line.includes('candidate:'));
  t.is(next('ModelLoadFailed'), `check storageUri in ${at('storageUri', candidate)}`);
  t.is(next('NoSupportingRuntime'), `check modelFormat in ${at('modelFormat')} (no ServingRuntime supports it)`);
  t.is(next('RuntimeUnhealthy'), 'check the Pods of its ServingRuntime with `kubectl get pods -n modelmesh-serving`');
  t.regex(next('InvalidPredictorSpec'), /^check the spec in .*:\d+ \(KServe does not accept it\)$/);
  t.regex(next('RuntimeNotRecognized'), /^check the spec in .*:\d+ \(KServe does not find the ServingRuntime\)$/);
  const runtime = '\n          runtime: mlserver-2';
  const line = Number(/:(\d+)$/.exec(at('modelFormat'))?.[1]) + 1;
  for (const reason of ['RuntimeNotRecognized', 'RuntimeDisabled'])
    t.true(next(reason, runtime).startsWith(`check runtime in ${model}:${line} (`), next(reason, runtime));
  // Nothing is guessed from an unknown reason.
  t.is(
    next('SomethingNew'),
    'check what KServe reports with `kubectl describe inferenceservice g-candidate-failed-1 -n modelmesh-serving`',
  );
});

test('what to check of a version with pods of its own', (t) => {
  const own = Object.entries(files).filter(([path]) => path.includes('/g-'));
  const withMemory = (text: string) =>
    text
      .replace('deploymentMode: ModelMesh', 'deploymentMode: Standard')
      .replace(/(modelFormat: \{name: sklearn\})/, '$1\n          resources: {limits: {memory: 1Gi}}');
  const input = Object.fromEntries(own.map(([path, text]) => [path, withMemory(text)])) as Files;
  const model = 'models/g-candidate-failed/model.yaml';
  const lines = (input[model] ?? '').split('\n');
  const lineOf = (field: string) => `${model}:${lines.findIndex((line) => line.includes(field)) + 1}`;
  const [primary, candidate] = toDesired(assess({}, input)[0]);
  const loaded = render(input).rollouts[0]?.primary.loaded ?? '';
  const observe = (state: 'Failed' | 'Pending' | 'Loading', reason: string | undefined) => {
    const live = {
      // A watcher that looks at Pods records what they have loaded.
      primary: { ...(primary as DesiredVersion), state: 'Ready' as const, loaded },
      candidates: [{ ...(candidate as DesiredVersion), state, ...(reason === undefined ? {} : { reason }) }],
    };
    return (assess({ live }, input) as [Assessment])[0];
  };
  const next = (...of: Parameters<typeof observe>) =>
    toNextText(observe(...of), wording).replace(/, or discard the candidate with .*$/, '');
  // A node may be added while somebody waits; an image that is missing stays so.
  const outcomes = ['Unschedulable', 'ImagePullBackOff', 'OOMKilled', 'Other'].map(
    (reason) => judgeWait([observe('Failed', reason)], 'ready', true).outcome,
  );
  t.deepEqual(outcomes, ['waiting', 'stuck', 'stuck', 'stuck']);
  const selected = '-n modelmesh-serving -l serving.kserve.io/inferenceservice=g-candidate-failed-1';
  const pods = `its Pods with \`kubectl describe pods ${selected}\``;
  const resources = `check resources in ${lineOf('resources')}, and`;
  t.is(next('Failed', 'Unschedulable'), `${resources} ${pods}`);
  t.is(next('Failed', 'OOMKilled'), `${resources} ${pods}`);
  // The image is the runtime's, which no file names.
  t.is(next('Failed', 'ImagePullBackOff'), `check ${pods}`);
  t.is(next('Failed', 'CreateContainerConfigError'), `check ${pods}`);
  t.is(next('Failed', 'ProgressDeadlineExceeded'), `check ${pods}`);
  t.is(
    next('Failed', 'CrashLoopBackOff'),
    `check the log with \`kubectl logs ${selected} -c kserve-container --prefix --tail=20\``,
  );
  t.regex(
    next('Failed', 'ModelLoadFailed'),
    /^check storageUri in .*:\d+, and the log with `kubectl logs .* -c storage-initializer --prefix --tail=20`$/,
  );
  t.is(
    next('Failed', 'FailedCreate'),
    `${resources} why no Pod is created with \`kubectl describe replicasets ${selected}\``,
  );
  t.regex(next('Failed', 'NoSupportingRuntime'), /^check modelFormat in .* \(no ServingRuntime supports it\)$/);
  t.regex(next('Pending', 'ScaledToZero'), /set minReplicas: 1/);
  t.regex(next('Pending', 'DigestNotCopied'), /^remove model-mirror\.dev\/digest from serviceAnnotationDisallowedList/);
  t.regex(next('Pending', 'DeploymentNotVisible'), /^give the watcher the right to list Deployments and Pods/);
  t.regex(
    next('Pending', undefined),
    /if it stays Pending, check that kserve-controller-manager runs, and what KServe/,
  );
  t.true(next('Loading', undefined).endsWith(`\`kubectl get pods ${selected}\` shows how far it is`));
  t.regex(next('Loading', 'Predictor ingress not created'), /^its Pods are ready; wait until KServe reports it Ready/);
});

test('no reason from the cluster can control the terminal of whoever waits', (t) => {
  const reason = '\u001b[2J s3://me:secret@m';
  const fail = <V extends AssessedVersion>(version: V): V => ({
    ...version,
    observed: { ...version.desired, state: 'Failed', reason },
  });
  for (const [name, goal, version] of [
    ['q-candidate-not-ready', 'ready', 'v2'],
    ['b-idle', 'idle', 'v1'],
  ] as const) {
    const state = judgeWait(
      find(name).map((one) => ({ ...one, primary: fail(one.primary), candidates: one.candidates.map(fail) })),
      goal,
      true,
    );
    t.is(state.outcome, 'stuck');
    t.is(toWaitText(state, wording) as string, `${name}: ${version} is Failed (\\u001b[2J s3://…@m)`);
  }
});

test('the order of files changes no byte', (t) => {
  const show = (input: Files) => {
    const all = assess({}, input);
    const details = all.map((assessment) => toStatusDetail(assessment, wording, plainStyle));
    return toTable(all, 80) + toStatusJson(all, { revision: undefined, problems: [] }, wording) + details.join('');
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
      fc.array(fc.tuple(fc.nat(assessments.length - 1), text, text), { maxLength: 5 }),
      fc.integer({ min: 1, max: 200 }),
      (picked, width) => {
        const odd = picked.map(([i, name, reason]): Assessment => {
          const assessment = assessments[i] as Assessment;
          const { primary, candidates } = assessment;
          const reference = { role: 'candidate', name, version: reason } as const;
          return {
            ...assessment,
            namespace: name,
            primary: { ...primary, desired: { ...primary.desired, version: reason } },
            candidates: candidates.map((one) => ({ ...one, observed: { ...one.desired, state: 'Failed', reason } })),
            undeclared: [{ name: reason, state: 'Loading', mirror: { percentage: 0.0001 } }],
            differences: [{ code: 'candidate-failed', ...reference, state: 'Failed', reason: `${reason} ${name}` }],
          };
        });
        for (const line of toTable(odd, width).split('\n')) {
          if (toWidth(line) > width) return false;
          if (line !== line.trimEnd()) return false;
        }
        return true;
      },
    ),
  );
  t.is(toTable(assessments, 1000), toTable(assessments));
});

test('a status file cannot control a terminal', (t) => {
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
    const all = assess({}, one);
    const shown = [
      toTable(all),
      ...all.map((assessment) => toStatusDetail(assessment, wording, plainStyle)),
      toWaitText(judgeWait(all, 'ready', true), wording),
      toStatusJson(all, { revision: undefined, problems: [] }, wording),
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
