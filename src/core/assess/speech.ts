/** How places and commands are written for whoever reads them. */
export interface Speech {
  /** From the repository's root to what can be opened. */
  readonly toPath: (file: string) => string;
  /** The same as a word of a command line. */
  readonly toWord: (file: string) => string;
  /** What commands must be told to find the same model, as ` --path models`; else empty. */
  readonly flags: string;
  /** The clusters that there are status files of, though none was named. */
  readonly clusters: readonly string[];
}
