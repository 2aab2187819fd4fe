/**
 * Names and messages in a page on a git host. Whoever may name a model or write a status in the cluster
 * must not be able to put a link, HTML, a mention or another row there.
 */

/** No git host makes a link of it or of a part between dots, and nothing in it means anything to Markdown. */
const plain = /^(?!www\.)(?!(?:.*\.)?(?:gh-\d+|[0-9a-f]{7,40})(?:\.|$))[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*$/i;

/** On one line, cut, and without what is not to be seen: control, format and private characters. */
export function toShown(text: string, maxLength: number): string {
  const line = text
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '\uFFFD');
  if (line === '') return '(blank)';
  // No more is split into characters than can be shown.
  const characters = [...line.slice(0, 2 * maxLength + 2)];
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : line;
}

/** As it is when it is a plain word, else as code: the one place where Markdown finds nothing in a text. */
export function toInline(text: string, maxLength: number): string {
  const shown = toShown(text, maxLength);
  return plain.test(shown) ? shown : toCode(shown);
}

/** What may stand in a sentence of ours as it is: plain words, numbers, and the signs between them. */
const sign = /^(?:[→%+·]|[0-9]{1,6}(?:\.[0-9]+)?|[A-Za-z]+'s?)$/;

/**
 * A sentence in which texts from the files stand: each word that is no plain one is code. Brackets and
 * stops around a word are the sentence's.
 */
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

/** A code span. A backtick becomes its likeness: parsers differ on longer fences within a link. */
export function toCode(shown: string): string {
  return `\`${shown.replaceAll('`', 'ˋ')}\``;
}

/** Pipes end a cell even in code. Hosts differ on a backslash before one: it is kept apart. */
export function toCell(markdown: string): string {
  return markdown.replace(/\\(?=\|)/g, '\\ ').replaceAll('|', '\\|');
}

/** A path from the page, each character that could mean something encoded. It can leave neither host nor folder. */
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
