/**
 * Texts in columns for a terminal, in which East Asian characters and most emoji are two cells wide.
 *
 * fast-string-width and string-width only replace the two expressions below, and are slower by a factor of up to twelve;
 * to shorten and wrap needs more of them: fast-string-truncated-width 3.0 cuts surrogate pairs in two, and cli-truncate and
 * wrap-ansi bring seven packages for escape sequences that these texts never have.
 */

/** The wide characters of Unicode 17's EastAsianWidth.txt, in ranges without other printable characters. */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f7e0}-\u{1f7eb}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const combining = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff]/u;

/** The width of a text in cells. */
export function toWidth(text: string): number {
  // Nearly all texts are ASCII.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** Cuts a text that is wider, and ends it with `…`. */
export function shorten(text: string, width: number): string {
  if (toWidth(text) <= width) return text;
  if (width < 1) return '';
  let short = '';
  let left = width - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    short += character;
  }
  return `${short.trimEnd()}…`;
}

/** Lines of at most this width, broken between words; a longer word is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || toWidth(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((one) => shorten(one, width));
}

/** Aligned columns, two spaces apart, without trailing spaces. */
export function toColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = toColumnWidths(rows);
  return rows.map((row) =>
    row
      .map((cell, i) => pad(cell, i < row.length - 1 ? (widths[i] ?? 0) : 0))
      .join('  ')
      .trimEnd(),
  );
}

function toColumnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, toWidth(cell));
  return widths;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - toWidth(text)));
}

function widthOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
