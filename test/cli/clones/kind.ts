/** What there is to say of a kind of clone. */

export const model = 'models/wisdom/model.yaml';
export const policy = 'models/wisdom/policy.yaml';

/** How a clone of some kind comes to be, and what is typed in it. Scripts are shell, with `$origin` and `$plain`. */
export interface Kind {
  /** A script that succeeds where git and the file system know this kind; absent: they all do. */
  readonly needs?: string;
  /** Makes it in an empty folder, `$around`; absent: a copy of the plain clone, called `clone`. */
  readonly make?: string;
  /** In the clone, before somebody begins with something else in it. */
  readonly prepare?: string;
  /** After that. */
  readonly finish?: string;
  /** Its folder; absent: `clone`. */
  readonly at?: string;
  /** The folder in which the command is typed; absent: the same. */
  readonly from?: string;
  /** What else is in the environment, or not in it. */
  readonly environment?: (around: string) => Readonly<Record<string, string | undefined>>;
  /** Whether git itself does without that: it would look at something else. */
  readonly isGitOnItsOwn?: boolean;
  readonly hasReftable?: boolean;
  /** Its commits have other ids than those of the origin. */
  readonly hasOtherIds?: boolean;
  /** Looking at it already may store objects: those that it left out, or some that nothing needs. */
  readonly gainsObjects?: boolean;
  /** How far the history reaches, where it does not reach as far as that of the plain clone. */
  readonly history?: RegExp;
  /** What is edited and committed; absent: the brake. */
  readonly edit?: Edit;
  /** What git or a hook says, who will not have the commit. */
  readonly refused?: RegExp;
  /** What the command says, which will not make a commit although git might. */
  readonly declined?: RegExp;
  /** A hook has started what goes on until there is a file `stop`. */
  readonly isLeavingProcess?: boolean;
}

/** What is typed, and what git is to do instead in a second clone of the kind. */
export interface Edit {
  readonly words: readonly string[];
  readonly path: string;
  /** The file's text after the edit. */
  readonly toText: (before: string | undefined) => string;
  /** Whether git has to be told of it first. */
  readonly isNew?: boolean;
  readonly subject: string;
  /** A script before git commits. */
  readonly first?: string;
  /** A script after that. */
  readonly last?: string;
}
