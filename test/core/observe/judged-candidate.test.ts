import test from 'ava';
import type { Block } from '../../../src/core/analysis/block.ts';
import { toCheckId } from '../../../src/core/analysis/check-id.ts';
import { isSameSubject } from '../../../src/core/analysis/subject.ts';
import { addBlock, beginTally, type Tally } from '../../../src/core/analysis/tally.ts';
import type { AnalysisTask } from '../../../src/core/analysis/task.ts';
import { parseStatus } from '../../../src/core/input/parse-document.ts';
import type { AnalysisSubject } from '../../../src/core/input/verdict-schema.ts';
import type { Evidence, JudgeMemory, Judgement } from '../../../src/core/observe/judged-candidate.ts';
import { judgeCandidate } from '../../../src/core/observe/judged-candidate.ts';
import { toStatusText } from '../../../src/output/status-text.ts';
import { toBinomial, toRandom } from '../../statistics/random.ts';

const minute = 60_000;
/** A whole five minutes. */
const start = 1_800_000_000_000;
const digest = `d2-${'a'.repeat(32)}`;
const subject: AnalysisSubject = {
  primary: { name: 'wisdom-0', digest: `d2-${'0'.repeat(32)}` },
  candidate: { name: 'wisdom-1', digest },
  analysis: 'f'.repeat(32),
  step: 0,
  attempt: 0,
};
const check = { code: 'errors.candidateOnly', limit: 0.01 } as const;
const terms = { checks: [check], noise: false, confidence: 0.95, minSamples: 300 };
const task: AnalysisTask = { subject, ...terms, steps: 1, holdMs: 0, shares: [] };
const candidate = { name: 'wisdom-1', digest };

/** A whole minute of one replica. */
function toBlock(at: number, bad: number, all: number, about: AnalysisSubject = subject): Block {
  return {
    start: at,
    end: at + minute,
    namespace: 'models',
    model: 'wisdom',
    subject: about,
    counts: [{ check: toCheckId(check), bad, all }],
    coverage: { received: all, compared: all, dropped: {}, unknown: {} },
  };
}

/** All that was counted of one subject. */
function toTally(blocks: readonly Block[], about: AnalysisSubject, now: number): Tally {
  const own = blocks.filter((block) => isSameSubject(block.subject, about));
  return own.reduce((tally, block) => addBlock(tally, block, now), beginTally(about));
}

const failing = [toBlock(start, 30, 60)];
const good = Array.from({ length: 10 }, (_, i) => toBlock(start + i * minute, 0, 200));

/** A watcher's view of one candidate: what it records is in git at its next look. */
class Story {
  recorded: Judgement = {};
  memory: JudgeMemory | undefined;

  look(
    blocks: readonly Block[],
    {
      at = start + 20 * minute,
      task: live = task,
      of = candidate,
      answeredAt = at,
    }: {
      at?: number;
      task?: AnalysisTask | 'closed';
      of?: { name: string; digest: string | undefined };
      answeredAt?: number | undefined;
    } = {},
  ): string | undefined {
    const evidence: Evidence = { find: (_, about) => toTally(blocks, about, at), askedAt: at, answeredAt };
    const { judgement, memory } = judgeCandidate(of as { name: string; digest: string }, this.recorded, this.memory, {
      task: live === 'closed' ? undefined : live,
      key: 'models/wisdom',
      evidence,
    });
    this.recorded = judgement;
    this.memory = memory;
    return judgement.verdict?.verdict;
  }
}

const at = (minutes: number) => ({ at: start + minutes * minute });

test('a candidate that fails is Failing at the first look, by the brake, with the counts that decided it', (t) => {
  const story = new Story();
  t.is(story.look(failing, at(1)), 'Failing');
  const { verdict } = story.recorded;
  t.true(verdict?.verdict === 'Failing' && verdict.by === 'brake');
  t.like(verdict, { rule: 'beta-binomial/1', subject, checks: { 0: { bad: 30, all: 60, limit: 0.01 } } });
});

test('a good one is Passing once there are enough', (t) => {
  const story = new Story();
  t.is(story.look(good.slice(0, 1), at(3)), undefined);
  t.is(story.look(good, at(12)), 'Passing');
});

test('a Passing in git that does not follow from its counts does not stand', (t) => {
  const story = new Story();
  story.look(good, at(12));
  const { verdict } = story.recorded;
  if (verdict?.verdict !== 'Passing') throw new Error('it is Passing');
  for (const check of verdict.checks) {
    const other = new Story();
    other.recorded = { verdict: { ...verdict, checks: [{ ...check, bad: 30 }] } };
    t.is(other.look(good.slice(0, 1), at(3)), undefined);
  }
  const same = new Story();
  same.recorded = { verdict };
  same.look(good.slice(0, 1), at(3));
  t.is(same.recorded.verdict, verdict);
});

test('Failing stays while the mirror is closed, beside another primary, and while the candidate is deleted', (t) => {
  const story = new Story();
  story.look(failing, at(1));
  const decided = story.recorded.verdict;
  const primary = { name: 'wisdom-0', digest: `d2-${'1'.repeat(32)}` };
  story.look([], { ...at(3), task: 'closed' });
  story.look(good, { ...at(15), task: { ...task, subject: { ...subject, primary } } });
  story.look([], { ...at(20), task: 'closed', of: { name: 'wisdom-1', digest: undefined } });
  t.deepEqual(story.recorded.verdict, decided);
});

test('Passing is about the primary too', (t) => {
  const story = new Story();
  story.look(good, at(12));
  const primary = { name: 'wisdom-0', digest: `d2-${'1'.repeat(32)}` };
  t.is(story.look(good, { ...at(13), task: { ...task, subject: { ...subject, primary } } }), undefined);
});

test('a verdict goes with the candidate that it is about', (t) => {
  const story = new Story();
  story.look(failing, at(1));
  t.is(
    story.look([], { ...at(2), task: 'closed', of: { name: 'wisdom-1', digest: `d2-${'b'.repeat(32)}` } }),
    undefined,
  );
  t.deepEqual(story.recorded, {});
});

test('people have it begin again: nothing that was counted before does, also while the routes still show the old attempt', (t) => {
  const story = new Story();
  story.look(failing, at(1));
  story.recorded = { ...story.recorded, attempt: 1 };
  t.is(story.look(failing, at(2)), undefined);
  const again = { ...subject, attempt: 1 };
  t.is(story.look(failing, { ...at(3), task: { ...task, subject: again } }), undefined);
  t.deepEqual(story.recorded, { attempt: 1 });
  t.is(story.look([toBlock(start, 30, 60, again)], { ...at(4), task: { ...task, subject: again } }), 'Failing');
});

for (const [title, other] of Object.entries({
  candidate: { ...subject, candidate: { name: 'wisdom-1', digest: `d2-${'b'.repeat(32)}` } },
  analysis: { ...subject, analysis: 'e'.repeat(32) },
  primary: { ...subject, primary: { name: 'wisdom-0', digest: `d2-${'1'.repeat(32)}` } },
}))
  test(`counts of another ${title} do not count`, (t) => {
    t.is(new Story().look([toBlock(start, 60, 60, other)], at(1)), undefined);
  });

test('routes that are about another version of the candidate judge nothing', (t) => {
  const of = { name: 'wisdom-1', digest: `d2-${'b'.repeat(32)}` };
  t.is(new Story().look(failing, { ...at(1), of }), undefined);
});

test('nothing arrives: Unknown after ten minutes, in one text however long it takes, and gone once copies have arrived for half an hour', (t) => {
  const story = new Story();
  t.is(story.look(good.slice(0, 2), at(1)), undefined);
  t.is(story.look(good.slice(0, 2), at(9)), undefined);
  t.is(story.look(good.slice(0, 2), at(13)), 'Unknown');
  const { verdict } = story.recorded;
  t.like(verdict, { reason: 'no-copies', expected: 2200 });
  story.look(good.slice(0, 2), at(14));
  t.is(story.recorded.verdict, verdict);
  const copies = Array.from({ length: 30 }, (_, i) => toBlock(start + (14 + i) * minute, 0, 5));
  const later = (minutes: number) => ({ ...at(minutes), task: { ...task, minSamples: 1e6 } });
  t.is(story.look(copies.slice(0, 1), later(15)), 'Unknown');
  t.is(story.look(copies.slice(0, 29), later(43)), 'Unknown');
  t.is(story.look(copies, later(44)), undefined);
});

test('answers that tell nothing, now a few more and now a few less than what counts, are no commit each time', (t) => {
  const random = toRandom(17);
  const story = new Story();
  const blocks: Block[] = [];
  let commits = 0;
  for (let nth = 0; nth < 600; nth++) {
    // One in ten, as far as chance has it.
    const unknown = toBinomial(40, 0.1, random);
    const dropped = { [nth % 50 < 25 ? 'timeout' : 'same-version']: unknown };
    const coverage = { received: 40, compared: 40 - unknown, dropped: {}, unknown: dropped };
    blocks.push({ ...toBlock(start + nth * minute, 0, 40 - unknown), coverage });
    const { recorded } = story;
    story.look(blocks.slice(-15), { ...at(nth + 3), task: { ...task, minSamples: 1e6 } });
    if (JSON.stringify(story.recorded) !== JSON.stringify(recorded)) commits++;
  }
  t.true(commits > 0 && commits <= 20, `${commits} commits in ten hours`);
});

test('traffic for a minute of each quarter of an hour is one commit, and a verdict replaces Unknown at once', (t) => {
  const story = new Story();
  const blocks: Block[] = [];
  for (let nth = 0; nth < 120; nth++) {
    if (nth % 15 === 0) blocks.push(toBlock(start + nth * minute, 0, 20));
    story.look(blocks.slice(-2), at(nth + 2));
    if (nth > 12) t.is(story.recorded.verdict?.verdict, 'Unknown', `${nth}`);
  }
  t.is(story.look([toBlock(start + 121 * minute, 60, 60)], at(122)), 'Failing');
});

test('another analysis, long after the mirror was opened: no copy of it is missing before', (t) => {
  const story = new Story();
  story.look(good, at(1));
  t.is(story.look(good, at(12)), 'Passing');
  const later = { ...task, subject: { ...subject, analysis: 'e'.repeat(32) } };
  t.is(story.look(good, { ...at(13), task: later }), undefined);
  t.is(story.look(good, { ...at(22), task: later }), undefined);
  t.is(story.look(good, { ...at(23), task: later }), 'Unknown');
});

test('no replica answers: Unknown; and nobody looks: what is recorded stays', (t) => {
  const story = new Story();
  story.look([], { ...at(0), answeredAt: undefined });
  t.is(story.look([], { ...at(11), answeredAt: undefined }), 'Unknown');
  const recorded = story.recorded;
  const unseen = judgeCandidate(candidate, recorded, undefined, { task, key: 'models/wisdom', evidence: undefined });
  t.deepEqual(unseen.judgement, recorded);
});

test('what is decided survives the status file', (t) => {
  for (const blocks of [failing, good]) {
    const story = new Story();
    story.look(blocks, at(12));
    const text = toStatusText({
      name: 'wisdom',
      namespace: 'models',
      status: { candidates: [{ ...candidate, state: 'Ready', ...story.recorded, attempt: 0 }] },
    });
    const { value, problems } = parseStatus({ path: 'status.yaml', text });
    t.deepEqual(problems, []);
    t.deepEqual(value?.status.candidates[0]?.verdict, story.recorded.verdict);
  }
});

test('a clock that is put back by an hour hides no replica that does not answer', (t) => {
  const story = new Story();
  story.look([], { ...at(60), answeredAt: undefined });
  t.is(story.look([], { ...at(0), answeredAt: undefined }), undefined);
  t.is(story.look([], { ...at(11), answeredAt: undefined }), 'Unknown');
});

const onRamp: AnalysisTask = { ...task, steps: 3, shares: [1, 5, 20] };

test('while the routes lag behind the step in git, Failing alone counts of what they show', (t) => {
  const toPassed = () => {
    const story = new Story();
    t.is(story.look(good, { ...at(11), task: onRamp }), undefined);
    t.is(story.recorded.passed?.subject.step, 0);
    return story;
  };
  const failed = toPassed();
  const { passed } = failed.recorded;
  const bad = [...good, toBlock(start + 11 * minute, 60, 60)];
  t.is(failed.look(bad, { ...at(12), task: onRamp }), 'Failing');
  t.deepEqual(failed.recorded.passed, passed, 'and the step stays');
  const blind = toPassed();
  for (let nth = 12; nth < 60; nth++)
    t.is(blind.look(good, { ...at(nth), task: onRamp, answeredAt: start + 11 * minute }), undefined, `minute ${nth}`);
  t.is(blind.recorded.passed?.subject.step, 0);
});

test('a status file that lost its Passing gets none of the later step that the routes still show', (t) => {
  const story = new Story();
  const later = { ...subject, step: 1 };
  const counted = good.map((block) => ({ ...block, subject: later }));
  t.is(story.look(counted, { ...at(11), task: { ...onRamp, subject: later } }), undefined);
  t.deepEqual(story.recorded, {});
});

test('a step lasts its hold from the Passing before it, also by counts of a replica whose clock is a quarter of an hour behind', (t) => {
  const story = new Story();
  story.look(good, { ...at(11), task: onRamp });
  const { passed } = story.recorded;
  t.is(passed?.subject.step, 0);
  const later = { ...subject, step: 1 };
  const behind = Array.from({ length: 60 }, (_, i) => toBlock(start + (i - 3) * minute, 0, 200, later));
  const holding = { ...onRamp, subject: later, holdMs: 20 * minute };
  let nth = 12;
  for (; story.recorded.passed?.subject.step === 0 && nth < 60; nth++) {
    const shown = behind.filter(({ end }) => end + 15 * minute <= start + nth * minute);
    story.look(shown, { ...at(nth), task: holding });
  }
  t.is(story.recorded.passed?.subject.step, 1, 'it ends');
  t.is(Date.parse(story.recorded.passed?.at ?? ''), Date.parse(passed?.at ?? '') + 20 * minute);
});
