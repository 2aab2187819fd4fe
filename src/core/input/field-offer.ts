/** What editors offer at a place where people write. */

/** Something to insert, as yaml-language-server reads it: `${1:text}` is a place to type at. */
export interface Snippet {
  readonly label: string;
  readonly description: string;
  readonly body: unknown;
}

export interface FieldOffer {
  /**
   * Only where an absent field means exactly this: what policies inherit has none. Nor has an analysis: editors would write
   * all its defaults with its key, and no checks.
   */
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly defaultSnippets?: readonly Snippet[];
}

/** By the field's path; `[]` is an entry of a list. The empty path is the whole file. */
export type FieldOffers = Readonly<Record<string, FieldOffer>>;

/** A place to type at: the first is where typing begins. */
export const at = (place: number, text: string) => `$\{${place}:${text}}`;
