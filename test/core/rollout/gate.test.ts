import test from 'ava';
import type { CandidateStatus, ModelState, ModelStatus, VersionStatus } from '../../../src/core/input/schema.ts';
import type { GateInput, MirrorReason } from '../../../src/core/rollout/gate.ts';
import { computeMirror } from '../../../src/core/rollout/gate.ts';

const candidate = { name: 'wisdom-1', digest: 'sha256:1a' };

const states: readonly ModelState[] = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'];
const names = ['wisdom-1', 'wisdom-0', 'wisdom-10', 'Wisdom-1', 'wisdom-1 '];
const digests = ['sha256:1a', 'sha256:1', 'sha256:1a0', 'sha256:1A', '', undefined];

const observations: readonly (VersionStatus | undefined)[] = [
  undefined,
  ...names.flatMap((name) =>
    digests.flatMap((digest) =>
      states.map((state) => ({
        name,
        state,
        // Neither of them opens a mirror.
        loaded: candidate.digest,
        version: 'v2',
        ...(digest === undefined ? {} : { digest }),
      })),
    ),
  ),
];

/** The primary is Ready, and looks like the candidate: it must not open the mirror either. */
function toStatus(...candidates: CandidateStatus[]): ModelStatus {
  return {
    apiVersion: 'model-mirror.dev/v1alpha1',
    kind: 'ModelStatus',
    metadata: { name: 'wisdom', namespace: 'models' },
    status: { primary: { ...candidate, state: 'Ready' }, candidates },
  };
}

/** What else requests are mirrored to. */
const other: CandidateStatus = { ...candidate, name: 'wisdom-2', state: 'Ready', mirror: { percentage: 100 } };

const inputs: readonly (GateInput & { readonly observed: VersionStatus | undefined })[] = [0, 0.0001, 20, 100].flatMap(
  (mirrorPercentage) =>
    (['Status', 'None'] as const).flatMap((gate) =>
      [false, true].flatMap((assumeReady) => {
        const input = { candidate, mirrorPercentage, gate, assumeReady };
        return [
          { ...input, status: undefined, observed: undefined },
          ...observations.flatMap((observed) => {
            const own = observed === undefined ? [] : [{ ...observed, mirror: { percentage: 100 } }];
            const lists = [own, [other, ...own], [...own, other]];
            return lists.map((candidates) => ({ ...input, status: toStatus(...candidates), observed }));
          }),
        ];
      }),
    ),
);

/** The only observation that opens a mirror. */
const ready = 'wisdom-1 sha256:1a Ready';

test('of all inputs, only those open that have exactly this candidate as Ready, or no gate', (t) => {
  let openByStatus = 0;
  for (const { observed, ...input } of inputs) {
    const { percentage, reason } = computeMirror(input);
    const isReady = observed !== undefined && `${observed.name} ${observed.digest} ${observed.state}` === ready;
    const isOpen = isReady || input.gate === 'None' || input.assumeReady;
    t.is(percentage, isOpen ? input.mirrorPercentage : 0, `${JSON.stringify(input)}: ${reason.code}`);
    if (percentage > 0 && input.gate === 'Status' && !input.assumeReady) openByStatus++;
  }
  // One observation in three lists, three percentages above 0.
  t.is(openByStatus, 9);
});

const open: GateInput = {
  candidate,
  mirrorPercentage: 20,
  gate: 'Status',
  status: toStatus({ ...candidate, state: 'Ready' }),
  assumeReady: false,
};
const closed = { ...open, status: undefined };

const reasons: Partial<Record<MirrorReason['code'], GateInput>> = {
  ready: open,
  'percentage-zero': { ...open, mirrorPercentage: 0 },
  'gate-none': { ...closed, gate: 'None' },
  'assumed-ready': { ...closed, assumeReady: true },
  'no-status': closed,
  'not-observed': { ...open, status: toStatus() },
  'other-digest': { ...open, status: toStatus({ ...candidate, state: 'Ready', digest: 'sha256:2b' }) },
};

for (const [code, input] of Object.entries(reasons))
  test(`the reason: ${code}`, (t) => {
    t.is(computeMirror(input).reason.code as string, code);
  });

test('the reason has the other candidate, or the state', (t) => {
  t.deepEqual(computeMirror({ ...open, status: toStatus(other) }).reason, {
    code: 'other-candidate',
    observed: 'wisdom-2',
  });
  const failed = { ...open, status: toStatus({ ...candidate, state: 'Failed', reason: 'ModelLoadFailed' }) };
  t.deepEqual(computeMirror(failed).reason, { code: 'not-ready', state: 'Failed', reason: 'ModelLoadFailed' });
});

test('a declared percentage of 0 is the reason, whatever else is missing', (t) => {
  t.is(computeMirror({ ...closed, mirrorPercentage: 0, gate: 'None' }).reason.code, 'percentage-zero');
});

const subject = {
  primary: { name: 'wisdom-0', digest: 'd2-0' },
  candidate,
  analysis: 'ff',
  step: 0,
  attempt: 0,
};
const verdict = {
  verdict: 'Failing',
  by: 'brake',
  at: '2026-01-01T00:00:00Z',
  rule: 'beta-binomial/1',
  confidence: 0.95,
  steps: 1,
  minSamples: 500,
  subject,
  checks: [{ check: 'errors.rate', limit: 0.01, bad: 9, all: 9, low: 0.5, high: 1 }],
} as const;
const judged: GateInput = {
  ...open,
  status: toStatus({ ...candidate, state: 'Ready', verdict }),
  analysis: { subject, onFailing: 'Close' },
};
const about = (change: object): GateInput => ({
  ...judged,
  analysis: { subject: { ...subject, ...change }, onFailing: 'Close' },
});

const stillClosed: Readonly<Record<string, GateInput>> = {
  'as it is': judged,
  'with no gate': { ...judged, gate: 'None' },
  'as if every candidate were ready': { ...judged, assumeReady: true },
  'beside another primary': about({ primary: { name: 'wisdom-0', digest: 'd2-1' } }),
};
for (const [title, input] of Object.entries(stillClosed))
  test(`a candidate that is Failing gets no copy: ${title}`, (t) => {
    t.deepEqual(computeMirror(input), { percentage: 0, reason: { code: 'failing' } });
  });

const openAgain: Readonly<Record<string, GateInput>> = {
  'for another analysis': about({ analysis: 'ee' }),
  'for another attempt': about({ attempt: 1 }),
  'once nothing is judged any more': { ...judged, analysis: undefined },
  'where policies keep it': { ...judged, analysis: { subject, onFailing: 'Keep' } },
  'while it is Passing': {
    ...judged,
    status: toStatus({ ...candidate, state: 'Ready', verdict: { ...verdict, verdict: 'Passing' } }),
  },
};
for (const [title, input] of Object.entries(openAgain))
  test(`the mirror is open ${title}`, (t) => {
    t.is(computeMirror(input).percentage, 20);
  });

for (const gate of ['Status', 'None'] as const)
  test(`a status file that cannot be read may have a verdict of a later release: no copy with gate ${gate}`, (t) => {
    const unreadable: GateInput = { ...judged, gate, status: undefined, isUnreadable: true };
    t.deepEqual(computeMirror(unreadable), { percentage: 0, reason: { code: 'no-status' } });
    t.is(computeMirror({ ...unreadable, analysis: undefined }).percentage, gate === 'None' ? 20 : 0);
  });
