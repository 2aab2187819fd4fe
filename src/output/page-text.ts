/**
 * Names and messages in Markdown on a git host. People who can name a model, or write a status in the cluster, must not
 * be able to add a link, HTML, a mention or a row of a table.
 */

/** No git host makes a link of it or of a part between dots, and nothing in it means anything to Markdown. */
const plain = /^(?!www\.)(?!(?:.*\.)?(?:gh-\d+|[0-9a-f]{7,40})(?:\.|$))[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*$/i;

/** On one line, shortened, and without invisible characters: control, format and private ones. */
export function toShown(text: string, maxLength: number): string {
  const line = text
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '\uFFFD');
  if (line === '') return '(blank)';
  // Splitting a long text into characters is slow.
  const characters = [...line.slice(0, 2 * maxLength + 2)];
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : line;
}

/** A plain word as it is, any other text as code, in which Markdown has no syntax. */
export function toInline(text: string, maxLength: number): string {
  const shown = toShown(text, maxLength);
  return plain.test(shown) ? shown : toCode(shown);
}

/** Words, numbers and signs of our own sentences. */
const sign = /^(?:[→%+·]|[0-9]{1,6}(?:\.[0-9]+)?|[A-Za-z]+'s?)$/;

/** A sentence with texts from files: every word that is not plain becomes code, without brackets and punctuation around it. */
export function toProse(sentence: string, maxLength: number): string {
  return toShown(sentence, maxLength)
    .split(' ')
    .map((word) => {
      const start = /^[("]/.test(word) ? 1 : 0;
      let end = word.length;
      while (end > start && ')",;:.?!'.includes(word.charAt(end - 1))) end--;
      const inner = word.slice(start, end);
      if (inner === '' || plain.test(inner) || sign.test(inner)) return word;
      return `${word.slice(0, start)}${toCode(inner)}${word.slice(end)}`;
    })
    .join(' ');
}

/** A code span. A backtick becomes a look-alike: parsers differ on longer fences in a link. */
export function toCode(shown: string): string {
  return `\`${shown.replaceAll('`', 'ˋ')}\``;
}

/** A pipe ends a cell even in code. Hosts differ on a backslash before it, so a space is put between them. */
export function toCell(markdown: string): string {
  return markdown.replace(/\\(?=\|)/g, '\\ ').replaceAll('|', '\\|');
}

/** A relative path with every special character encoded. It can leave neither the host nor the folder. */
export function toLinkTarget(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.' && segment !== '..');
  return `./${segments.map(toSegment).join('/')}`;
}

function toSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
