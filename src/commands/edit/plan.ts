/** What an edit is planned from, and the plan as a value. */
import { isFault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import type { EditEffect, EditNote, EditSubject, SmallShare, Unchanged } from '../../core/edit/outcome.ts';
import type { Edited } from '../../core/edit/proof.ts';
import type { Clone, FindObjection } from '../../core/ports/clone.ts';
import type { WorkTree } from '../../core/ports/work-tree.ts';
import type { Digests } from '../../core/render/digests.ts';
import type { ModelTarget, PathNames } from '../../core/repository/find-model.ts';
import type { MirrorReason } from '../../core/rollout/gate.ts';
import type { HeadView } from './head.ts';

/** What is asked for of any edit. */
export interface EditRequest {
  /** Of the model, or a path. */
  readonly name: string;
  readonly cluster: string | undefined;
  readonly dryRun: boolean;
  readonly commit: boolean;
  /** Commit on this new branch. */
  readonly branch: string | undefined;
  readonly push: boolean;
}

export interface EditPorts {
  readonly files: WorkTree;
  /** The clone that a folder is in; undefined outside of a repository. */
  readonly openClone: (folder: string) => Clone | undefined;
  readonly names: PathNames;
  /** Texts that are part of a commit or a problem. */
  readonly words: {
    readonly toSubject: (subject: EditSubject) => string;
    /** The same with what follows it in a commit. */
    readonly toMessage: (subject: EditSubject) => string;
    readonly toReasonText: (reason: MirrorReason) => SafeText;
  };
  /** In seconds since 1970. */
  readonly now: () => number;
  /** Asks whether such a small share is meant; true where nobody can be asked. */
  readonly confirm: (share: SmallShare) => Promise<boolean>;
}

/** One file that is to be written. */
export interface EditPlan {
  readonly file: string;
  /** Undefined: there is no such file yet. */
  readonly before: string | undefined;
  readonly after: string;
  readonly subject: EditSubject;
  readonly effect: EditEffect;
  /** What looks like a slip of the pen. */
  readonly question?: SmallShare | undefined;
  readonly findObjection?: FindObjection | undefined;
}

/** The work tree already has what the edit would write; whether HEAD has it is another question. */
export interface UnchangedEdit {
  readonly unchanged: Unchanged;
  /** Undefined: no file has it, it is a default. */
  readonly file: string | undefined;
  readonly subject: EditSubject;
  readonly effect: EditEffect;
  readonly findObjection?: FindObjection | undefined;
}

interface Refusal {
  readonly problems: readonly Problem[];
  readonly uncommitted?: string | undefined;
}

export type Planned = EditPlan | UnchangedEdit | Refusal;

/** What differs between the commands that edit a model. All of it is pure. */
export interface EditCommand {
  /**
   * @param head the same model at HEAD; undefined: HEAD has none, or cannot be read.
   * @throws Fault when the flags do not fit the model.
   */
  readonly plan: (target: ModelTarget, head: ModelTarget | undefined) => Planned;
  readonly findNotes: (target: ModelTarget, rendered: RenderedEdit) => readonly EditNote[];
}

/** Reads what the command plans from beside the files. @throws Fault when it cannot. */
export type PrepareEdit = (scene: Pick<EditScene, 'target' | 'clone' | 'head'>) => Promise<EditCommand>;

/** What the edit reaches, as rendered without and with it. */
export interface RenderedEdit {
  readonly before: Digests;
  readonly after: Digests;
  /** The model's own application, with the edit. */
  readonly own: Digests;
}

/** Everything that an edit is decided from. */
export interface EditScene {
  readonly request: EditRequest;
  readonly ports: EditPorts;
  readonly command: EditCommand;
  readonly target: ModelTarget;
  readonly clone: Clone | undefined;
  /** Undefined outside of a repository, and without git. */
  readonly head: HeadView | undefined;
}

/** The plan of an edit of the model's own file. */
export function toModelPlan(
  { source }: ModelTarget,
  edited: Edited,
  { unchanged, ...facts }: Omit<UnchangedEdit, 'file'>,
): Planned {
  if ('problem' in edited) return { problems: [edited.problem] };
  const file = source.path;
  if (edited.text === source.text) return { unchanged, file, ...facts };
  return { file, before: source.text, after: edited.text, ...facts };
}

/** The model among those that are rendered. */
export function findRendered(
  { rollouts }: Digests,
  { file }: Pick<ModelTarget, 'file'>,
): Digests['rollouts'][number] | undefined {
  return rollouts.find(({ rollout }) => rollout.file.source.path === file.path);
}

/** The other models whose percentage is set in a file. */
export function findSharing({ rollouts }: Pick<Digests, 'rollouts'>, file: string, model: string): EditNote[] {
  const models = rollouts
    .filter(({ rollout }) => rollout.policy.origins.get('mirrorPercentage')?.source.path === file)
    .map(({ rollout }) => rollout.name)
    .filter((name) => name !== model);
  return models.length === 0 ? [] : [{ code: 'also-for', file, models }];
}

export function isToCommit({ commit, branch }: EditRequest): boolean {
  return commit || branch !== undefined;
}

/** Whether HEAD has the edit, too. */
export function isInHead(command: EditCommand, head: ModelTarget | undefined): boolean {
  if (head === undefined) return false;
  try {
    return 'unchanged' in command.plan(head, undefined);
  } catch (error) {
    // As when the candidate is to be changed, and HEAD has none.
    if (isFault(error)) return false;
    throw error;
  }
}
