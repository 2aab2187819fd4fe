/**
 * The table of the chart's values, made of values.yaml and its comments: `npm run docs` writes it into plugin/chart/README.md, and a
 * test holds it to what it gives now.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pair, Scalar, YAMLMap } from 'yaml';
import { isMap, parseDocument } from 'yaml';

const chart = join(import.meta.dirname, '../../plugin/chart');
export const chartPage = join(chart, 'README.md');

export interface ChartValue {
  readonly path: readonly string[];
  readonly comment: string;
  readonly value: unknown;
}

/** @throws Error at a value without a comment. */
export function readChartValues(): ChartValue[] {
  const { contents } = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  if (!isMap(contents)) throw new Error('values.yaml is not a map');
  return listIn(contents as YAMLMap<Scalar<string>>, []);
}

function listIn(map: YAMLMap<Scalar<string>>, above: readonly string[]): ChartValue[] {
  return map.items.flatMap((pair, index) => {
    const path = [...above, pair.key.value];
    // The first comment of a map is the map's.
    const comment = (index === 0 ? map.commentBefore : undefined) ?? pair.key.commentBefore;
    if (comment) return [{ path, comment: comment.trim(), value: toValue(pair) }];
    if (!isMap(pair.value)) throw new Error(`${path.join('.')} has no comment`);
    return listIn(pair.value as YAMLMap<Scalar<string>>, path);
  });
}

function toValue({ value }: Pair<Scalar<string>>): unknown {
  return (value as { toJSON(): unknown }).toJSON();
}

/** @returns the page with the table as it should be. */
export function withChartValues(page: string): string {
  const rows = readChartValues().map(
    ({ path, comment, value }) =>
      `| \`${path.join('.')}\` | \`${JSON.stringify(value)}\` | ${comment.replace('\n', ' ')} |`,
  );
  const table = ['| Value | Default | What it is |', '| --- | --- | --- |', ...rows].join('\n');
  const [start, end] = ['<!-- values -->\n\n', '\n\n<!-- end -->'];
  const [before = '', rest = ''] = page.split(start);
  return `${before}${start}${table}${rest.slice(rest.indexOf(end))}`;
}

if (import.meta.main) writeFileSync(chartPage, withChartValues(readFileSync(chartPage, 'utf8')));
