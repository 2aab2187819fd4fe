/** Candidates in Standard mode that are judged: how they are deployed, called, and what must come of it. */
import type { Expected, Verdict } from './judged.ts';
import { becomes } from './judged.ts';
import type { LoadSummary } from './load.ts';
import type { ModelFile } from './model-files.ts';
import type { StandardOptions } from './standard-models.ts';
import { countAnswers, countCalls, standardModel } from './standard-models.ts';
import type { CallOptions, StandardScene } from './standard-scene.ts';

export interface JudgedCandidate
  extends Omit<StandardOptions, 'name'>,
    Pick<Expected, 'what' | 'verdict' | 'by' | 'earlier' | 'withinMs'> {
  /** The model's name. */
  readonly name: string;
  /** Of the policy. */
  readonly analysis: object;
  readonly calls: Omit<CallOptions, 'model'>;
  /** What the primary answers: to one input any of these, to several each its own, as `#0 wisdom [1]`. */
  readonly right: readonly string[];
}

export async function deployJudged(scene: StandardScene, candidates: readonly JudgedCandidate[]): Promise<void> {
  await Promise.all(
    candidates.map(async (candidate) => {
      await scene.deploy(toModel(candidate), { analysis: candidate.analysis });
      await scene.untilMirrorIsOpen(100, candidate.name);
    }),
  );
}

export function toModel({ name, primary, candidate, protocols, model, predictor, spec }: JudgedCandidate): ModelFile {
  return standardModel({
    ...{ name, primary },
    ...(candidate && { candidate }),
    ...(protocols && { protocols }),
    ...(model && { model }),
    ...(predictor && { predictor }),
    ...(spec && { spec }),
  });
}

export function judge(scene: StandardScene, judged: JudgedCandidate): Promise<Verdict | undefined> {
  const { name, calls, right } = judged;
  return becomes(scene, {
    ...judged,
    model: name,
    call: () => scene.callFromBoth({ model: name, ...calls }),
    countCopies: () => countCopies(scene, name),
    findOthers: (summary) => findWrongAnswers(summary, right),
  });
}

/** Calls that the candidate has got, copies and samples. */
export function countCopies({ standard }: StandardScene, model: string): number {
  return standard.podsOf(`${model}-1`).reduce((sum, pod) => sum + countCalls(pod), 0);
}

export function findWrongAnswers({ sent, answered, byModel, errors }: LoadSummary, right: readonly string[]): string[] {
  const wrong = Object.entries(countAnswers(byModel)).filter(([answer]) => !right.includes(answer));
  return sent > 0 && sent === answered && wrong.length === 0
    ? []
    : [`${sent} sent, ${answered} answered; wrong: ${JSON.stringify(wrong)}; errors: ${JSON.stringify(errors)}`];
}
