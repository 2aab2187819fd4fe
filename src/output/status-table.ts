/**
 * Desired and observed state of all models as a table.
 *
 * Invariant: no line of the table is wider than the terminal, whatever models and reasons are called.
 */

import type { AssessedCandidate, AssessedVersion, Assessment } from '../core/assess/assess-model.ts';
import { listStrayMirrors } from '../core/assess/assess-model.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import { toObservedText } from './assessment-text.ts';
import { pad, shorten, toWidth } from './columns.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { toDifferenceText } from './words/difference.ts';
import { toStepText } from './words/ramp.ts';
import type { Wording } from './words/wording.ts';

interface Cell {
  readonly text: string;
  readonly format?: 'red' | 'green' | 'yellow' | 'dim' | undefined;
}

type ColumnName = 'MODEL' | 'NAMESPACE' | 'PRIMARY' | 'CANDIDATE' | 'MIRROR' | 'NOTE';

const columnNames: readonly ColumnName[] = ['MODEL', 'NAMESPACE', 'PRIMARY', 'CANDIDATE', 'MIRROR', 'NOTE'];

const gap = 2;

/** @param width of the terminal; undefined: there is no limit. */
export function toStatusTable(
  assessments: readonly Assessment[],
  { width, wording, style }: { readonly width: number | undefined; readonly wording: Wording; readonly style: Style },
): string {
  const rows = assessments.map((assessment) => toRow(assessment, wording));
  const natural = (name: ColumnName) => Math.max(name.length, ...rows.map((row) => toWidth(row[name].text)));
  const widths = new Map(columnNames.map((name) => [name, natural(name)]));
  const hasNotes = rows.some(({ NOTE }) => NOTE.text !== '');
  if (!hasNotes) widths.delete('NOTE');
  if (width !== undefined) makeFit(widths, width);
  const line = (cells: (name: ColumnName) => Cell) => {
    const names = [...widths.keys()];
    const parts = names.map((name, i) => {
      const { text, format } = cells(name);
      const short = shorten(text, widths.get(name) ?? 0);
      const padding = i === names.length - 1 ? '' : pad('', (widths.get(name) ?? 0) - toWidth(short) + gap);
      return { short, shown: format === undefined || short === '' ? short : style(format, short), padding };
    });
    // No trailing spaces.
    while (parts.length > 1 && parts.at(-1)?.short === '') parts.pop();
    return `${parts.map(({ shown, padding }, i) => (i === parts.length - 1 ? shown : shown + padding)).join('')}\n`;
  };
  return [line((name) => ({ text: name, format: 'dim' })), ...rows.map((row) => line((name) => row[name]))].join('');
}

/** Shrinks or removes columns until a line fits. */
function makeFit(widths: Map<ColumnName, number>, width: number): void {
  const total = () => [...widths.values()].reduce((sum, one) => sum + one + gap, -gap);
  const shrink = (name: ColumnName, least: number) => {
    const own = widths.get(name);
    if (own !== undefined && total() > width) widths.set(name, Math.max(Math.min(own, least), own - (total() - width)));
  };
  const remove = (name: ColumnName) => {
    if (total() > width) widths.delete(name);
  };
  const natural = widths.get('NOTE') ?? 0;
  shrink('NOTE', 40);
  remove('NAMESPACE');
  for (const name of ['CANDIDATE', 'MIRROR', 'PRIMARY', 'NOTE'] as const) shrink(name, 20);
  remove('PRIMARY');
  remove('MIRROR');
  for (const name of ['MODEL', 'NOTE'] as const) shrink(name, 12);
  remove('NOTE');
  remove('CANDIDATE');
  shrink('MODEL', 0);
  const note = widths.get('NOTE');
  if (note !== undefined) widths.set('NOTE', Math.min(natural, note + width - total()));
}

function toRow(assessment: Assessment, wording: Wording): Readonly<Record<ColumnName, Cell>> {
  const { name, namespace, primary, candidates, undeclared, differences } = assessment;
  const note = differences.map((one) => toDifferenceText(one, wording)).join('; ');
  const leaving = undeclared.filter((one) => one.name !== primary.desired.name);
  const strays = listStrayMirrors(assessment).map(({ to, percentage }): Cell => {
    const where = candidates.length === 0 ? '' : ` to ${toShown(to, 60)}`;
    return { text: `live ${percentage} %${where}`, format: 'yellow' };
  });
  return {
    MODEL: { text: name },
    NAMESPACE: { text: namespace ?? '?' },
    PRIMARY: toVersionCell(primary),
    CANDIDATE: joinCells([...candidates.map(toVersionCell), ...leaving.flatMap(toLeavingCells)]),
    MIRROR: joinCells([...candidates.map(toMirrorCell), ...strays]),
    NOTE: { text: note === '' ? '' : toShown(note, 500) },
  };
}

/** In the colour of the worst of them. */
function joinCells(cells: readonly Cell[]): Cell {
  if (cells.length === 0) return { text: '-', format: 'dim' };
  const format = (['red', 'yellow', 'green', 'dim'] as const).find((one) => cells.some((cell) => cell.format === one));
  return { text: cells.map(({ text }) => text).join(', '), format };
}

function toVersionCell(version: AssessedVersion): Cell {
  const { desired, observed } = version;
  const text = `${desired.version} ${toObservedText(version)}`;
  const isSame = observed !== undefined && observed.name === desired.name && observed.digest === desired.digest;
  if (isSame && observed.state === 'Ready') return { text, format: 'green' };
  return { text, format: observed?.state === 'Failed' || observed?.state === 'Missing' ? 'red' : 'yellow' };
}

function toLeavingCells({ state }: VersionStatus): Cell[] {
  return state === 'Missing' ? [] : [{ text: `leaving ${state}`, format: 'yellow' }];
}

function toMirrorCell({ mirror: { percentage }, ramp, observedPercentage }: AssessedCandidate): Cell {
  const open =
    ramp === undefined
      ? `${percentage} %`
      : `${percentage} %, ${toStepText({ step: ramp.step, steps: ramp.ramp.steps.length })}`;
  const text = percentage > 0 ? open : 'closed';
  if (percentage === observedPercentage) return { text, format: percentage > 0 ? 'green' : 'dim' };
  return { text: `${text} (live ${observedPercentage} %)`, format: 'yellow' };
}
