/** What cases saw: said while they run, and written as Markdown where one asks for it. */
import { writeFileSync } from 'node:fs';

export type Cell = string | number;

interface Table {
  readonly columns: readonly string[];
  readonly rows: (readonly Cell[])[];
}

interface Section {
  readonly title: string;
  readonly notes: string[];
  readonly tables: Table[];
  readonly checks: { readonly name: string; readonly troubles: readonly string[] }[];
  seconds: number;
}

export class Report {
  readonly #sections: Section[] = [];
  #begun = 0;

  get failures(): number {
    return this.#sections.flatMap(({ checks }) => checks).filter(({ troubles }) => troubles.length > 0).length;
  }

  get passes(): number {
    return this.#sections.flatMap(({ checks }) => checks).length - this.failures;
  }

  begin(title: string): void {
    this.#sections.push({ title, notes: [], tables: [], checks: [], seconds: 0 });
    this.#begun = performance.now();
    say(`\n── ${title}`);
  }

  end(): void {
    this.#last.seconds = (performance.now() - this.#begun) / 1000;
    say(`   ${this.#last.seconds.toFixed(0)} s`);
  }

  /** How its tables are read. */
  note(text: string): void {
    this.#last.notes.push(text);
  }

  /** @param quoted what a part said, as it is. */
  quote(text: string, quoted: string): void {
    this.#last.notes.push(text, `\`\`\`\n${quoted}\n\`\`\``);
    say(`   ${text}\n${quoted}`);
  }

  /** Rows that come later with the same columns are put to it. */
  row(columns: readonly string[], cells: readonly Cell[]): void {
    const { tables } = this.#last;
    let table = tables.find((one) => one.columns.join() === columns.join());
    if (table === undefined) {
      table = { columns, rows: [] };
      tables.push(table);
    }
    table.rows.push(cells);
    say(`   ${columns.map((column, i) => `${column}: ${cells[i]}`).join(' · ')}`);
  }

  /** @param troubles none: it is as it should be. */
  check(name: string, troubles: readonly string[]): void {
    this.#last.checks.push({ name, troubles });
    const after = ((performance.now() - this.#begun) / 1000).toFixed(0);
    say(`   ${troubles.length === 0 ? 'passed' : 'FAILED'} after ${after} s: ${name}`);
    for (const trouble of troubles) say(`       ${trouble}`);
  }

  /** @param preface above all cases. */
  write(file: string, preface: readonly string[]): void {
    const text = [...preface, ...this.#sections.map(toMarkdown)].join('\n\n');
    writeFileSync(file, `${text}\n`);
  }

  get #last(): Section {
    const last = this.#sections.at(-1);
    if (last === undefined) throw new Error('no case has begun');
    return last;
  }
}

function toMarkdown({ title, notes, tables, checks, seconds }: Section): string {
  return [
    `## ${title}`,
    ...notes,
    ...tables.map(({ columns, rows }) =>
      [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
    ),
    checks
      .flatMap(({ name, troubles }) => [
        `- ${troubles.length === 0 ? '✔' : '✘'} ${name}`,
        ...troubles.map((t) => `  - ${t}`),
      ])
      .join('\n'),
    `${seconds.toFixed(0)} s.`,
  ].join('\n\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
