/** What an edit did, as values; `output/words/edit.ts` makes sentences of them. */
import type { ChangedModel } from '../change/changed-models.ts';
import type { FirstOpening, Return } from '../change/risk.ts';
import { exitCodes } from '../diagnostics/fault.ts';
import type { Problem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { WrittenVerdict } from '../input/verdict-schema.ts';
import type { Destination, Overtaken } from '../ports/clone.ts';
import type { MirrorRecord } from '../timeline/mirror-record.ts';
import type { GitStep } from './git-steps.ts';

/** What a candidate has behind it. */
export interface PromotedTrial {
  readonly version: string;
  /** Undefined: git's history cannot be read. */
  readonly mirrored: MirrorRecord | undefined;
  /** What holds now; undefined: nothing is decided. */
  readonly verdict: WrittenVerdict | undefined;
  readonly isCompared: boolean;
}

/** What a commit is about: its subject. */
export type EditSubject =
  | {
      readonly code: 'try' | 'change' | 'discard' | 'judge-again';
      readonly model: string;
      readonly version: string;
    }
  | { readonly code: 'promote'; readonly model: string; readonly version: string; readonly trial: PromotedTrial }
  | { readonly code: 'mirror'; readonly model: string; readonly percentage: number }
  /** `from`: the version that was promoted. */
  | { readonly code: 'rollback'; readonly model: string; readonly version: string; readonly from: string }
  | { readonly code: 'new-model' | 'brake'; readonly model: string }
  /** Edited by hand. */
  | { readonly code: 'edit'; readonly files: readonly string[] };

/** The work tree already has what was asked for. */
export type Unchanged =
  | { readonly code: 'candidate-set' | 'no-candidate'; readonly model: string }
  | { readonly code: 'promoted' | 'rolled-back'; readonly model: string; readonly version: string }
  | {
      readonly code: 'mirrored';
      readonly model: string;
      readonly percentage: number;
      /** Undefined: by default. */
      readonly place: { readonly file: string; readonly line: number } | undefined;
    }
  | { readonly code: 'policy-set'; readonly file: string; readonly percentage: number };

/** What follows from an edit once it is pushed. */
export type EditEffect =
  /** As the policy says. */
  | { readonly code: 'mirror-opens'; readonly version: string }
  | { readonly code: 'service-removed'; readonly service: string }
  /** The primary's InferenceService serves one version until it has loaded the other. `from` undefined: that is unknown. */
  | {
      readonly code: 'loaded-in-place';
      readonly service: string;
      readonly from: string | undefined;
      readonly to: string;
    }
  /** `version`: what it has loaded; undefined: that is not known. */
  | { readonly code: 'requests-move'; readonly service: string; readonly version: string | undefined }
  /** By all that is counted from then on. */
  | { readonly code: 'judged-again'; readonly version: string }
  | { readonly code: 'applied' };

/** A share below 1 %, as a count of requests. */
export interface SmallShare {
  readonly percentage: number;
  readonly requests: number;
  readonly outOf: number;
}

/** What to know before an edit is pushed. */
export type EditNote =
  | ({ readonly code: 'tried' } & PromotedTrial)
  /** The new version keeps its predecessor's place. */
  | {
      readonly code: 'place-stays';
      readonly field: 'storageUri' | 'storage.path';
      readonly value: string;
      readonly version: string;
    }
  | { readonly code: 'equals-primary'; readonly model: string }
  | ({ readonly model: string } & (FirstOpening | Return))
  /** Until the watcher has committed that the candidate is gone, its old status opens the mirror again. */
  | { readonly code: 'revert-opens'; readonly model: string; readonly version: string }
  /** What it was decided by is on another branch, such as `origin/deploy`. */
  | { readonly code: 'observed-on'; readonly branch: SafeText }
  /** A patch makes the promoted primary differ from what was tried as the candidate. */
  | { readonly code: 'patched'; readonly model: string; readonly service: string }
  /** Argo CD removes what requests go to before it moves them. */
  | { readonly code: 'removed-first'; readonly model: string; readonly service: string; readonly to: string }
  /** The default name of the next candidate is taken. */
  | { readonly code: 'name-taken'; readonly model: string; readonly free: string }
  /** The version that was promoted is no candidate after the rollback. */
  | {
      readonly code: 'not-kept';
      readonly model: string;
      readonly version: string;
      readonly storageUri: string | undefined;
      readonly storagePath: string | undefined;
      /** A commit that has its overrides; undefined: it has none. */
      readonly overridesIn: string | undefined;
    }
  /** Something else than its entry has changed about a version since the commit by which it ceased to be the primary. */
  | { readonly code: 'differs-from-then'; readonly model: string; readonly version: string; readonly commit: string }
  /** The version was the primary under another name. */
  | { readonly code: 'name-kept'; readonly model: string; readonly service: string; readonly former: string }
  /** How long a version took to be ready when it was the candidate. */
  | { readonly code: 'took-to-load'; readonly version: string; readonly seconds: number }
  | { readonly code: 'candidate-stays'; readonly model: string; readonly candidate: string; readonly primary: string }
  | ({ readonly code: 'small-share' } & SmallShare)
  /** The mirror is closed now. */
  | { readonly code: 'later'; readonly model: string; readonly from: number; readonly to: number }
  | { readonly code: 'also-for'; readonly file: string; readonly models: readonly string[] }
  /** What the commit holds beside the edit, or does not. */
  | { readonly code: 'commits-more' | 'has-other-changes'; readonly file: string }
  | { readonly code: 'left-out'; readonly files: readonly string[] }
  | { readonly code: 'broken-files'; readonly model: string; readonly files: readonly string[] };

/** The file that is edited, and what that changes. */
export interface Edit {
  readonly file: string;
  /** Undefined: there is no such file yet. */
  readonly before: string | undefined;
  readonly after: string;
  readonly changes: readonly ChangedModel[];
  readonly notes: readonly EditNote[];
  readonly effect: EditEffect;
  /** With the edit, the share as it is once the mirror opens; undefined: the model cannot be rendered. */
  readonly policy:
    | {
        readonly mirrorPercentage: number;
        /** The share of the ramp's last step; the same where there is no ramp. */
        readonly lastPercentage: number;
        readonly gate: 'Status' | 'None';
      }
    | undefined;
  readonly warnings: readonly Problem[];
}

/** A branch of a remote. */
export type PushTarget = Pick<Destination, 'remote' | 'branch'>;

export type PushResult =
  | {
      readonly code: 'pushed';
      readonly to: PushTarget;
      /** The local commits were put onto the watcher's. */
      readonly rebased: { readonly commit: string; readonly branch: string; readonly isHere: boolean } | undefined;
      /** What git and the server printed. */
      readonly said: SafeText | undefined;
      readonly next: GitStep | undefined;
    }
  | {
      readonly code: 'not-pushed';
      readonly to: PushTarget;
      readonly why: /** `before`: nothing was sent; `during`: it may have arrived. */
        | { readonly code: 'interrupted'; readonly when: 'before' | 'during' }
        | ({ readonly code: 'overtaken'; readonly branch: string; readonly isToRepeat: boolean } & Overtaken)
        | { readonly code: 'refused'; readonly said: SafeText | undefined };
      readonly next: GitStep;
    };

/** How far an edit got. */
export type EditResult =
  | { readonly code: 'dry-run'; readonly commits: boolean; readonly pushesTo: PushTarget | undefined }
  /** `next` is undefined where git cannot tell. */
  | { readonly code: 'written'; readonly next: GitStep | undefined }
  /** HEAD already has the file as it is now. `staged`: the blob of what else was staged. */
  | {
      readonly code: 'same-as-head';
      readonly staged: string | undefined;
      readonly push: PushResult | undefined;
      readonly next: GitStep | undefined;
    }
  | {
      readonly code: 'committed';
      readonly commit: string;
      readonly branch: string | undefined;
      readonly isNewBranch: boolean;
      /** False: the file was written before. */
      readonly isWritten: boolean;
      readonly staged: string | undefined;
      /** Of git and hooks. */
      readonly remarks: readonly SafeText[];
      readonly push: PushResult | undefined;
      readonly next: GitStep | undefined;
    }
  /** A hook took the edit out of the commit, which is not pushed. */
  | { readonly code: 'lost'; readonly commit: string; readonly remarks: readonly SafeText[] };

/** What is missing of an edit that the work tree already has. */
export type UnchangedResult =
  | { readonly code: 'nothing-to-do' }
  /** `asked`: the edit was to be committed, but other files differ; `files`: these. */
  | {
      readonly code: 'not-committed';
      readonly files: readonly string[];
      readonly isAsked: boolean;
      readonly next: GitStep;
    }
  /** `branch`: the one that has it, where another was to be pushed. */
  | {
      readonly code: 'not-pushed';
      readonly otherBranch: string | undefined;
      readonly isAsked: boolean;
      readonly next: GitStep;
    }
  | { readonly code: 'dry-run'; readonly pushesTo: PushTarget }
  | { readonly code: 'push'; readonly push: PushResult };

export type EditOutcome =
  | {
      readonly code: 'refused';
      readonly problems: readonly Problem[];
      readonly notes: readonly EditNote[];
      /** A file whose uncommitted changes are in the way. */
      readonly uncommitted?: string | undefined;
    }
  /** Somebody answered the question with no. */
  | { readonly code: 'declined' }
  | { readonly code: 'unchanged'; readonly unchanged: Unchanged; readonly result: UnchangedResult }
  | { readonly code: 'edited'; readonly edit: Edit; readonly result: EditResult };

export function toExitCode(outcome: EditOutcome): number {
  if (outcome.code === 'refused' || outcome.code === 'declined') return exitCodes.problems;
  const { result } = outcome;
  if (result.code === 'lost' || ('isAsked' in result && result.isAsked)) return exitCodes.problems;
  const push = 'push' in result ? result.push : undefined;
  if (push?.code !== 'not-pushed') return exitCodes.fine;
  return push.why.code === 'overtaken' ? exitCodes.problems : exitCodes.environment;
}
