/**
 * A value → YAML of that value, formatted as strangely as the rules allow: indentation, quotes, braces, dashes,
 * block scalars, question marks, tags, anchors, comments and empty lines wherever they are allowed.
 *
 * Every comment names the marked field that it is in, and the position of each of those in the text is known: so a
 * test can tell which bytes had to stay.
 */
import fc from 'fast-check';

type Plain = string | number | boolean | null | { readonly [key: string]: Plain } | readonly Plain[];
type Draw = fc.GeneratorValue;

export interface BizarreOptions {
  /** Fields of `spec` whose place is to be known. */
  readonly marked: readonly string[];
  /** Equal values may be aliases of each other. */
  readonly aliases: boolean;
}

/** The lines of a field, or what is between the commas around it in braces. */
interface Zone {
  readonly start: number;
  readonly end: number;
}

export interface BizarreText {
  readonly text: string;
  readonly zones: ReadonlyMap<string, Zone>;
  /** Whether the marked fields are in braces. */
  readonly inFlow: boolean;
}

export function toBizarreText(draw: Draw, value: Plain, options: BizarreOptions): BizarreText {
  return new BizarreWriter(draw, options).write(value);
}

class BizarreWriter {
  readonly #draw: Draw;
  readonly #options: BizarreOptions;
  readonly #lineEnd: string;
  readonly #zones = new Map<string, Zone>();
  readonly #anchors = new Map<string, string>();
  #anchorCount = 0;
  #text = '';
  #zone = 'else';
  #comments = 0;
  #inFlow = false;
  /** Behind a block scalar: what is indented so deep is part of it. */
  #ceiling = Number.POSITIVE_INFINITY;

  constructor(draw: Draw, options: BizarreOptions) {
    this.#draw = draw;
    this.#options = options;
    this.#lineEnd = draw(fc.constantFrom, '\n', '\r\n');
  }

  write(value: Plain): BizarreText {
    if (this.#maybe(4)) this.#text += '\ufeff';
    if (this.#maybe(3)) this.#lines(0, 0);
    const hasMarker = this.#maybe(3);
    if (hasMarker) this.#text += `---${this.#comment(2)}${this.#lineEnd}`;
    if (this.#maybe(5)) {
      this.#flow(value, 0, []);
      this.#text += this.#comment(2) + this.#lineEnd;
    } else this.#blockMap(value as Record<string, Plain>, 0, []);
    if (this.#maybe(3)) this.#lines(0, 0);
    if (hasMarker && this.#maybe(3))
      this.#text += `...${this.#lineEnd}${this.#maybe(2) ? `# after${this.#lineEnd}` : ''}`;
    if (this.#maybe(2)) this.#text = this.#text.replace(/(\r?\n)+$/, '');
    return { text: this.#text, zones: this.#zones, inFlow: this.#inFlow };
  }

  #maybe(oneIn: number): boolean {
    return this.#draw(fc.integer, { min: 1, max: oneIn }) === oneIn;
  }

  #pick<T>(...choices: readonly T[]): T {
    return choices[this.#draw(fc.nat, choices.length - 1)] as T;
  }

  #comment(oneIn: number): string {
    if (!this.#maybe(oneIn)) return this.#maybe(8) ? this.#pick(' ', '\t', '  ') : '';
    return `${this.#pick(' ', '\t', '   ')}# ${this.#zone} ${this.#comments++}, {not: [a]} *field &x`;
  }

  /** Empty lines and comment lines, indented from so deep to so deep. */
  #lines(from: number, to: number): void {
    const most = Math.min(to, this.#ceiling - 1);
    if (most < from) return;
    for (let i = this.#draw(fc.nat, 2); i > 0; i--) {
      const indent = ' '.repeat(this.#draw(fc.integer, { min: from, max: most }));
      const isEmpty = this.#maybe(2);
      this.#text += isEmpty ? this.#lineEnd : `${indent}# ${this.#zone} ${this.#comments++}: y${this.#lineEnd}`;
    }
  }

  #blockMap(map: Readonly<Record<string, Plain>>, column: number, path: readonly string[]): void {
    const keys = this.#shuffle(Object.keys(map));
    for (const [i, key] of keys.entries()) {
      if (i > 0 && this.#maybe(3)) this.#lines(0, this.#zone === 'else' ? column : column + 3);
      this.#blockField(key, map[key] as Plain, column, [...path, key]);
    }
  }

  #blockField(key: string, value: Plain, column: number, path: readonly string[]): void {
    const zone = this.#zone;
    const isMarked = path.length === 2 && path[0] === 'spec' && this.#options.marked.includes(key);
    const start = this.#text.length;
    if (isMarked) this.#zone = key;
    this.#text += ' '.repeat(column);
    if (this.#maybe(8)) {
      this.#text += `? ${this.#key(key)}${this.#comment(3)}${this.#lineEnd}${' '.repeat(column)}:`;
      this.#blockValue(value, column, path);
    } else {
      this.#text += `${this.#key(key)}${this.#maybe(8) ? ' ' : ''}:`;
      this.#blockValue(value, column, path);
    }
    if (isMarked) {
      // What is indented deeper belongs to the field, up to the last comment.
      if (this.#maybe(3)) this.#lines(column + 1, column + 5);
      const lines = this.#text.slice(start).replace(/(?:\r?\n[ \t]*)*$/, '');
      this.#zones.set(key, { start, end: start + lines.length });
    }
    this.#zone = zone;
  }

  #blockValue(value: Plain, column: number, path: readonly string[]): void {
    this.#ceiling = Number.POSITIVE_INFINITY;
    const alias = this.#alias(value);
    if (alias !== undefined) {
      this.#text += ` ${alias}${this.#comment(4)}${this.#lineEnd}`;
      return;
    }
    const anchor = this.#anchor(value);
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isMap && Object.keys(value).length > 0 && !this.#maybe(4)) {
      this.#text += `${anchor}${this.#comment(4)}${this.#lineEnd}`;
      if (this.#maybe(4)) this.#lines(0, column + 6);
      this.#blockMap(value as Record<string, Plain>, column + this.#draw(fc.integer, { min: 1, max: 5 }), path);
      return;
    }
    const [item, ...others] = Array.isArray(value) ? (value as readonly Plain[]) : [];
    if (isFilled(item) && others.length === 0 && !this.#maybe(4)) {
      this.#text += `${anchor}${this.#comment(4)}${this.#lineEnd}`;
      if (this.#maybe(4)) this.#lines(0, column + 6);
      this.#blockItem(item, column + this.#draw(fc.nat, 4), path);
      return;
    }
    if (typeof value === 'string' && this.#maybe(5)) {
      const indent = ' '.repeat(column + this.#draw(fc.integer, { min: 1, max: 4 }));
      this.#text += `${anchor} ${this.#pick('|-', '>-')}${this.#comment(4).trimEnd()}${this.#lineEnd}${indent}${value}${this.#lineEnd}`;
      if (this.#maybe(4)) this.#text += this.#lineEnd;
      this.#ceiling = indent.length;
      return;
    }
    if (this.#maybe(8))
      this.#text += `${anchor}${this.#comment(4)}${this.#lineEnd}${' '.repeat(column + this.#draw(fc.integer, { min: 1, max: 4 }))}`;
    else this.#text += `${anchor}${this.#pick(' ', ' ', '   ', '\t')}`;
    this.#flow(value, column + 1, path);
    this.#text += this.#comment(4) + this.#lineEnd;
  }

  /** The only one of a list. */
  #blockItem(item: Readonly<Record<string, Plain>>, column: number, path: readonly string[]): void {
    this.#text += `${' '.repeat(column)}-`;
    const inner = [...path, '0'];
    if (this.#maybe(4)) {
      this.#text += ' ';
      this.#flow(item, column + 1, inner);
      this.#text += this.#comment(4) + this.#lineEnd;
      return;
    }
    const deep = column + this.#draw(fc.integer, { min: 2, max: 5 });
    if (this.#maybe(3)) this.#text += this.#comment(4) + this.#lineEnd;
    else this.#text += ' '.repeat(deep - column - 1);
    const start = this.#text.length;
    this.#blockMap(item, deep, inner);
    // The first field is on the line of the dash.
    if (this.#text[start - 1] === ' ') this.#text = this.#text.slice(0, start) + this.#text.slice(start + deep);
  }

  #flow(value: Plain, column: number, path: readonly string[]): void {
    if (typeof value !== 'object' || value === null) {
      this.#text += this.#scalar(value);
      return;
    }
    const isMap = !Array.isArray(value);
    const entries = isMap ? this.#shuffle(Object.keys(value)) : Object.keys(value);
    this.#text += isMap ? '{' : '[';
    for (const [i, key] of entries.entries()) {
      this.#flowSpace(column);
      const inner = (value as Record<string, Plain>)[key] as Plain;
      const isMarked = path.length === 1 && path[0] === 'spec' && this.#options.marked.includes(key);
      const zone = this.#zone;
      const start = this.#text.length;
      if (isMarked) {
        this.#zone = key;
        this.#inFlow = true;
      }
      if (isMap) {
        const name = this.#key(key);
        this.#text += `${name}:${name.startsWith('"') && this.#maybe(3) ? '' : ' '}`;
      }
      const alias = this.#alias(inner);
      if (alias === undefined) {
        const anchor = this.#anchor(inner).trim();
        this.#text += anchor === '' ? '' : `${anchor} `;
        this.#flow(inner, column, isMap ? [...path, key] : [...path, '0']);
      } else this.#text += alias;
      if (isMarked) this.#zones.set(key, { start, end: this.#text.length });
      this.#zone = zone;
      this.#text += this.#maybe(8) ? ' ' : '';
      if (i < entries.length - 1 || this.#maybe(4)) this.#text += ',';
    }
    this.#flowSpace(column);
    this.#text += isMap ? '}' : ']';
  }

  #flowSpace(column: number): void {
    if (!this.#maybe(3)) {
      this.#text += ' ';
      return;
    }
    this.#text += this.#comment(3) + this.#lineEnd;
    if (this.#maybe(4)) this.#lines(column + 1, column + 5);
    this.#text += ' '.repeat(column + this.#draw(fc.nat, 6));
  }

  #key(key: string): string {
    return this.#pick(key, key, key, `"${key}"`, `'${key}'`);
  }

  #scalar(value: string | number | boolean | null): string {
    if (value === null) return this.#pick('null', '~', 'Null');
    if (typeof value === 'number') return this.#pick(String(value), `${value.toFixed(4)}`, String(value));
    if (typeof value !== 'string') return String(value);
    const isPlain = /^[A-Za-z][\w:/.-]*$/.test(value) && value !== 'true';
    const text = this.#pick(isPlain ? value : `"${value}"`, `"${value}"`, `'${value}'`);
    return this.#maybe(8) ? `!!str ${text}` : text;
  }

  #anchor(value: Plain): string {
    if (!this.#options.aliases || !this.#maybe(3)) return '';
    const name = `a${this.#anchorCount++}`;
    this.#anchors.set(JSON.stringify(value), name);
    return ` &${name}`;
  }

  #alias(value: Plain): string | undefined {
    const name = this.#anchors.get(JSON.stringify(value));
    // A map has its anchor before its own fields are there.
    return name !== undefined && typeof value !== 'object' && this.#maybe(2) ? `*${name}` : undefined;
  }

  #shuffle(keys: readonly string[]): readonly string[] {
    return this.#draw(fc.shuffledSubarray<string>, [...keys], { minLength: keys.length });
  }
}

function isFilled(value: Plain | undefined): value is Readonly<Record<string, Plain>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
