/** Paths from the repository's root, as git has them; `.` is the root itself. */

export function toPath(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

export function toFolder(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

export function toName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a folder is inside another, or the same. */
export function isBelow(folder: string, outer: string): boolean {
  return outer === '.' || folder === outer || folder.startsWith(`${outer}/`);
}
