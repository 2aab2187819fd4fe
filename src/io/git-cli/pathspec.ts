/** Paths for arguments that git reads as patterns (gitglossary(7), "pathspec"). */

/** A file or folder by its exact name, whatever characters are in it. */
export function toLiteral(path: string): string {
  return `:(literal)${path}`;
}

/** The files directly in a folder whose names match a pattern, in upper or lower case. */
export function toGlob(folder: string, pattern: string): string {
  const start = folder === '.' || folder === '' ? '' : `${folder.replace(/[*?[\]\\]/g, '\\$&')}/`;
  return `:(glob,icase)${start}${pattern}`;
}
