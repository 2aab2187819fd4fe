/** Paths as git takes them where it expects patterns (gitglossary(7), "pathspec"). */

/** The file or the folder itself, whatever characters are in its name. */
export function toLiteral(path: string): string {
  return `:(literal)${path}`;
}

/** The files of a folder, not of those below it, whose names are as a pattern says in large or small letters. */
export function toGlob(folder: string, pattern: string): string {
  const start = folder === '.' || folder === '' ? '' : `${folder.replace(/[*?[\]\\]/g, '\\$&')}/`;
  return `:(glob,icase)${start}${pattern}`;
}
