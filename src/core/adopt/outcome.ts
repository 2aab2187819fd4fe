/** What `init` did, as values; `output/words/init.ts` makes sentences of them. */
import type { Place, Problem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import type { GitStep } from '../edit/git-steps.ts';
import type { EditNote } from '../edit/outcome.ts';

export interface NewFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

export type InitNote =
  | {
      readonly code: 'primary' | 'candidate';
      readonly model: string;
      readonly version: string;
      readonly service: string;
    }
  /** `restarts`: its Pods restart all the same, because labels and annotations are added that reach them. */
  | { readonly code: 'spec-kept'; readonly service: string; readonly restarts: boolean }
  /** So KServe reloads the model: a policy here changes it, or its server is given the model's name. YAML before and after. */
  | {
      readonly code: 'spec-changed';
      readonly service: string;
      readonly by: 'policy' | 'model-name';
      readonly before: string;
      readonly after: string;
    }
  /** Its server answered to the name of the InferenceService until now. */
  | { readonly code: 'served-name'; readonly service: string; readonly model: string }
  /** The annotation keeps the mode's former name, as this KServe has it. */
  | { readonly code: 'former-mode'; readonly written: string; readonly current: string }
  /** Iter8's values name a candidate that was not among the InferenceServices. */
  | { readonly code: 'candidate-missing'; readonly service: string; readonly add: NewCandidateCommand }
  /** A policy sets the percentage already. */
  | { readonly code: 'percentage-given'; readonly percentage: number; readonly place: Place }
  | { readonly code: 'no-namespace' }
  /** None of the runtimes that come with the mode have it. `meant`: one of their formats that is spelt alike. */
  | {
      readonly code: 'unknown-format';
      readonly format: string;
      readonly mode: string;
      readonly meant: string | undefined;
    }
  /** What the mode was recognized by: an InferenceService of the namespace, or its label. */
  | { readonly code: 'mode-recognized'; readonly mode: string; readonly by: { readonly service: string } | 'label' }
  /** A Service of the cluster, called like one that is rendered, is somebody else's: Argo CD would take it over. */
  | { readonly code: 'service-taken'; readonly namespace: string; readonly service: string }
  /** Whether there is one is not known. */
  | { readonly code: 'services-unread'; readonly namespace: string; readonly reason: SafeText }
  | Extract<EditNote, { readonly code: 'also-for' }>;

/** The arguments of `candidate set` for the next candidate. */
export interface NewCandidateCommand {
  readonly model: string;
  /** Undefined: the default name is free. */
  readonly service: string | undefined;
  readonly version: string;
  /** How it says where it is stored. */
  readonly flag: '--storage-uri' | '--storage-path';
  /** Where it is probably stored; undefined: the primary's place does not show it. */
  readonly at: string | undefined;
}

export type InitOutcome =
  /** In what was read, at paths as typed. */
  | { readonly code: 'invalid-input'; readonly problems: readonly Problem[] }
  /** The person looked at the files, and does not want them. */
  | { readonly code: 'declined' }
  /** In the files that were to be written: these, or those that exist already. */
  | { readonly code: 'refused'; readonly problems: readonly Problem[]; readonly files: readonly NewFile[] }
  | {
      readonly code: 'made';
      readonly files: readonly NewFile[];
      readonly notes: readonly InitNote[];
      readonly warnings: readonly Problem[];
      /** Undefined for --dry-run. */
      readonly written: WrittenModel | undefined;
      /** Whether a person has seen files and notes before. */
      readonly wasShown: boolean;
    };

export interface WrittenModel {
  readonly folder: string;
  /** Of the JSON Schemas, for editors. */
  readonly schemaFolder: string;
  /** Undefined outside of a repository. */
  readonly next: GitStep | undefined;
  /** Undefined: there is a candidate. */
  readonly addCandidate: NewCandidateCommand | undefined;
}
