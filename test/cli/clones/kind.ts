/** A kind of clone. */

export const model = 'models/wisdom/model.yaml';
export const policy = 'models/wisdom/policy.yaml';

/** How a clone of some kind is created, and which command is run in it. Scripts are shell, with `$origin` and `$plain`. */
export interface Kind {
  /** A script that succeeds where git and the file system know this kind; absent: they all do. */
  readonly needs?: string;
  /** Makes it in an empty folder, `$around`; absent: a copy of the plain clone, called `clone`. */
  readonly make?: string;
  /** In the clone, before unrelated changes are made in it. */
  readonly prepare?: string;
  /** After that. */
  readonly finish?: string;
  /** Its folder; absent: `clone`. */
  readonly at?: string;
  /** The folder in which the command is run; absent: the same. */
  readonly from?: string;
  /** Changes to the environment. */
  readonly environment?: (around: string) => Readonly<Record<string, string | undefined>>;
  /** Whether git itself runs without them, because it would read another repository. */
  readonly isGitOnItsOwn?: boolean;
  readonly hasReftable?: boolean;
  /** Its commits have other ids than those of the origin. */
  readonly hasOtherIds?: boolean;
  /** Reading it may already store objects: those that were left out, or unneeded ones. */
  readonly gainsObjects?: boolean;
  /** How far the history reaches, where it does not reach as far as that of the plain clone. */
  readonly history?: RegExp;
  /** What is edited and committed; absent: the brake. */
  readonly edit?: Edit;
  /** What git or a hook prints when it refuses the commit. */
  readonly refused?: RegExp;
  /** What the command prints when it refuses a commit that git would make. */
  readonly declined?: RegExp;
  /** A hook has started a process that runs until a file `stop` exists. */
  readonly isLeavingProcess?: boolean;
}

/** The command, and what git does instead in a second clone of the kind. */
export interface Edit {
  readonly words: readonly string[];
  readonly path: string;
  /** The file's text after the edit. */
  readonly toText: (before: string | undefined) => string;
  /** Whether it has to be added first. */
  readonly isNew?: boolean;
  readonly subject: string;
  /** What else the message says, which depends on the time of day. */
  readonly body?: RegExp;
  /** A script before git commits. */
  readonly first?: string;
  /** A script after that. */
  readonly last?: string;
}
