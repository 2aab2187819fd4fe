/** Carries the source branch to the deploy branch in a person's clone, as the watcher does. */
import type { CarryOutcome, CarryResult, CarryTips, SourceCommit } from '../core/carry/carry.ts';
import { decideCarry, toParents } from '../core/carry/carry.ts';
import type { CarriedTrees } from '../core/carry/folders.ts';
import type { CarryPlan } from '../core/carry/plan.ts';
import { findEdits, planCarry } from '../core/carry/plan.ts';
import { carrySearch, readCarried } from '../core/carry/trailer.ts';
import type { CarryClone, CarryDraft } from '../core/ports/carry.ts';

export interface CarryRequest {
  /** Nothing is made or pushed. */
  readonly dryRun: boolean;
  readonly push: boolean;
}

/** Of a commit's message, from what it carries. */
export type ToMessage = (source: SourceCommit, undone: readonly string[], isFirst: boolean) => string;

/** After so many pushes that others were faster than, somebody should look. */
const attempts = 3;

/** @throws Fault when the branches cannot be read or the commit cannot be made. */
export async function carry(request: CarryRequest, toMessage: ToMessage, clone: CarryClone): Promise<CarryOutcome> {
  for (let attempt = 1; ; attempt++) {
    const { outcome, draft } = await plan(await clone.fetchTips(), toMessage, clone);
    if (draft === undefined || request.dryRun) return outcome;
    const result = await apply(draft, request, clone);
    if (result.code !== 'overtaken' || attempt === attempts) return { ...outcome, result };
  }
}

async function plan(
  tips: CarryTips,
  toMessage: ToMessage,
  clone: CarryClone,
): Promise<{ readonly outcome: CarryOutcome; readonly draft: CarryDraft | undefined }> {
  const { tree, author, message } = await clone.readCommit(tips.source);
  const source = { id: tips.source, author: author.name, subject: message.split('\n', 1)[0] ?? '' };
  const carried = tips.deploy === undefined ? undefined : await findCarried(tips.deploy, clone);
  const step = decideCarry(tips, carried);
  const deploy = tips.deploy === undefined ? undefined : (await clone.readCommit(tips.deploy)).tree;
  const base = carried === undefined ? undefined : (await clone.readCommit(carried)).tree;
  const kept = base === undefined || deploy === undefined ? [] : await findKept({ base, source: tree, deploy }, clone);
  const none = { source, changes: new Map(), undone: [], kept, result: { code: 'none' } } as const;
  if (step.code === 'nothing') return { outcome: { ...none, code: 'nothing' }, draft: undefined };
  const changed: CarryPlan = deploy === undefined ? none : await planCarry({ base, source: tree, deploy }, clone);
  const isFirst = step.code === 'carry' && step.base === undefined;
  const code = step.code === 'create' ? 'created' : isFirst ? 'first' : 'carried';
  const { changes, undone } = changed;
  return {
    outcome: { ...none, code, changes, undone, kept: kept.filter((path) => !undone.includes(path)) },
    draft: {
      changes,
      start: deploy ?? tree,
      parents: toParents(tips),
      authored: tips.source,
      message: toMessage(source, undone, isFirst),
    },
  };
}

/** What people changed on the deploy branch, and nobody on the source branch. */
async function findKept({ base, source, deploy }: CarriedTrees, clone: CarryClone): Promise<string[]> {
  const changed = new Set(await findEdits(base, source, clone));
  return (await findEdits(base, deploy, clone)).filter((path) => !changed.has(path));
}

async function findCarried(deploy: string, clone: CarryClone): Promise<string | undefined> {
  for await (const message of clone.listMessages(deploy, carrySearch)) {
    const carried = readCarried(message);
    if (carried !== undefined) return carried;
  }
  return undefined;
}

async function apply(draft: CarryDraft, { push }: CarryRequest, clone: CarryClone): Promise<CarryResult> {
  const commit = await clone.makeCommit(draft);
  if (!push) return { code: 'made', commit };
  const { state, said } = await clone.push(commit);
  return state === 'overtaken' ? { code: 'overtaken' } : { code: state, commit, said };
}
