/** Words of command lines that people copy, as a POSIX shell reads them: on one line, whatever they contain. */
import { isControl } from '../core/diagnostics/safe-text.ts';

/** A text as one word of a command line. */
export function toShellWord(text: string): string {
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) return text;
  const characters = [...text];
  if (!characters.some(isControl)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // The shell cuts off line ends at the end of what printf prints: no name of a file or branch of ours ends with one.
  return `"$(printf '${characters.map(toPrinted).join('')}')"`;
}

/** For printf(1), in single quotes: control characters, and a dash that would start an option, as octal bytes. */
function toPrinted(character: string, i: number): string {
  if (character === "'") return `'\\''`;
  if (character === '%') return '%%';
  if (character === '\\') return '\\\\';
  if (!isControl(character) && !(character === '-' && i === 0)) return character;
  return [...Buffer.from(character, 'utf8')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** A path as one word: a dash at its start does not make it an option. */
export function toShellPath(path: string): string {
  return toShellWord(path.startsWith('-') ? `./${path}` : path);
}
