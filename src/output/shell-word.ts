/** A text as one word of a command line that people copy. */
export function toShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A path as one such word: one that begins with a dash is no option. */
export function toShellPath(path: string): string {
  return toShellWord(path.startsWith('-') ? `./${path}` : path);
}
