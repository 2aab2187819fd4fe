/** Command lines that people copy, as a POSIX shell reads them: each is one line, whatever is in the names. */
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { isControl, join, mask, safe } from '../core/diagnostics/safe-text.ts';

/** A text as one word of a command line. */
export function toShellWord(text: string): string {
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) return text;
  const characters = [...text];
  if (!characters.some(isControl)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // Of what it prints, the shell cuts line ends off at the end: no name of a file or branch of ours has one there.
  return `"$(printf '${characters.map(toPrinted).join('')}')"`;
}

/** For printf(1), in single quotes; what cannot be shown, and a dash that would be an option's, by its bytes. */
function toPrinted(character: string, i: number): string {
  if (character === "'") return `'\\''`;
  if (character === '%') return '%%';
  if (character === '\\') return '\\\\';
  if (!isControl(character) && !(character === '-' && i === 0)) return character;
  return [...Buffer.from(character, 'utf8')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** A path as one such word: one that begins with a dash is no option. */
export function toShellPath(path: string): string {
  return toShellWord(path.startsWith('-') ? `./${path}` : path);
}

/** A path as git takes it where it takes patterns (gitglossary(7), "pathspec"). */
export function toPathspec(path: string): string {
  if (/[*?[\\]/.test(path)) return `:(literal)${path}`;
  return /^[-:]/.test(path) ? `./${path}` : path;
}

/** What git is run with. */
export interface GitCommand {
  readonly words: readonly string[];
  /** Whether git would open an editor, for a text that is there already. */
  readonly isEditing?: boolean;
}

/**
 * One line that runs one after the other.
 *
 * @param folder of the work tree; undefined: the line is run in it.
 */
export function toGitLine(commands: readonly GitCommand[], folder?: string): SafeText {
  const lines = commands.map(({ words, isEditing = false }) => {
    const place = folder === undefined ? [] : ['-C', toFolderWord(folder)];
    const line = ['git', ...place, ...words].map((word) => mask(toShellWord(word)));
    return safe`${isEditing ? 'GIT_EDITOR=true ' : ''}${join(line, ' ')}`;
  });
  return join(lines, ' && ');
}

/** A line end at its end would be cut off. */
function toFolderWord(folder: string): string {
  const name = folder.startsWith('-') ? `./${folder}` : folder;
  return name.endsWith('\n') ? `${name}/` : name;
}
