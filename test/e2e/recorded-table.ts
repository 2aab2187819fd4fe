import { readFileSync } from 'node:fs';

/** The rows of a Markdown table, without its head: what was recorded of a real program. */
export function readTable(file: string): string[][] {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
  return rows.slice(2);
}
