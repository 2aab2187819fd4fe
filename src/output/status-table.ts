/**
 * What is wanted and what was seen → a table of all models, or a closer look at one.
 *
 * Invariant: no line of the table is wider than the terminal, whatever models and reasons are called.
 */
import type { DesiredVersion, Glance } from '../core/assess/glance.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import { pad, shorten, toColumns, toWidth } from './columns.ts';
import { isSaidByGate, toMessageLines, toPendingLines, toStateText, toVersionJson } from './glance-words.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';

interface Cell {
  readonly text: string;
  readonly format?: 'red' | 'green' | 'yellow' | 'dim' | undefined;
}

type ColumnName = 'MODEL' | 'NAMESPACE' | 'PRIMARY' | 'CANDIDATE' | 'MIRROR' | 'NOTE';

const columnNames: readonly ColumnName[] = ['MODEL', 'NAMESPACE', 'PRIMARY', 'CANDIDATE', 'MIRROR', 'NOTE'];

const gap = 2;

/** @param width of the terminal; undefined: none, and nothing is cut. */
export function toStatusTable(glances: readonly Glance[], width: number | undefined, style: Style): string {
  const rows = glances.map(toRow);
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
    // Nothing trails.
    while (parts.length > 1 && parts.at(-1)?.short === '') parts.pop();
    return `${parts.map(({ shown, padding }, i) => (i === parts.length - 1 ? shown : shown + padding)).join('')}\n`;
  };
  return [line((name) => ({ text: name, format: 'dim' })), ...rows.map((row) => line((name) => row[name]))].join('');
}

/** Makes columns narrower, or takes them out, until a line has no more than so many places. */
function makeFit(widths: Map<ColumnName, number>, width: number): void {
  const total = () => [...widths.values()].reduce((sum, one) => sum + one + gap, -gap);
  const shrink = (name: ColumnName, least: number) => {
    const own = widths.get(name);
    if (own !== undefined && total() > width) widths.set(name, Math.max(Math.min(own, least), own - (total() - width)));
  };
  const remove = (name: ColumnName) => {
    if (total() > width) widths.delete(name);
  };
  const wanted = widths.get('NOTE') ?? 0;
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
  if (note !== undefined) widths.set('NOTE', Math.min(wanted, note + width - total()));
}

function toRow({ name, namespace, desired, observed, differences }: Glance): Readonly<Record<ColumnName, Cell>> {
  const { primary, candidate } = desired;
  return {
    MODEL: { text: name },
    NAMESPACE: namespace === undefined ? { text: '?' } : { text: namespace },
    PRIMARY: toVersionCell(primary, observed?.primary),
    CANDIDATE:
      candidate === undefined ? toLeavingCell(observed?.candidate) : toVersionCell(candidate, observed?.candidate),
    MIRROR: toMirrorCell({ desired, observed }),
    NOTE: { text: toShown(differences.map(({ text }) => text).join('; ') || ' ', 500).replace('(blank)', '') },
  };
}

function toVersionCell(desired: DesiredVersion, seen: VersionStatus | undefined): Cell {
  const state = toStateText(desired, seen);
  const isSame = seen !== undefined && seen.name === desired.name && seen.digest === desired.digest;
  const text = `${desired.version} ${state}`;
  if (isSame && seen.state === 'Ready') return { text, format: 'green' };
  return { text, format: seen?.state === 'Failed' || seen?.state === 'Missing' ? 'red' : 'yellow' };
}

function toLeavingCell(seen: VersionStatus | undefined): Cell {
  return seen === undefined ? { text: '-', format: 'dim' } : { text: `leaving ${seen.state}`, format: 'yellow' };
}

function toMirrorCell({ desired: { candidate, mirror }, observed }: Pick<Glance, 'desired' | 'observed'>): Cell {
  const live = observed?.mirror;
  const wanted = mirror === undefined ? (candidate === undefined ? '-' : 'closed') : `${mirror.percentage} %`;
  const isSame = mirror?.percentage === live?.percentage && mirror?.to === live?.to;
  if (isSame) return { text: wanted, format: mirror === undefined ? 'dim' : 'green' };
  return { text: `${wanted} (live ${toLiveMirror(live, candidate?.name)})`, format: 'yellow' };
}

function toLiveMirror(live: NonNullable<Glance['observed']>['mirror'], expected: string | undefined): string {
  if (live === undefined) return '0 %';
  const isElsewhere = expected !== undefined && live.to !== expected;
  return `${live.percentage} %${isElsewhere ? ` to ${toShown(live.to, 60)}` : ''}`;
}

/** One model, as a person looks at it. */
export function toStatusDetail(glance: Glance, toPath: (file: string) => string, style: Style): string {
  const { desired, observed, differences } = glance;
  const { primary, candidate, mirror } = desired;
  const version = (role: string, wanted: DesiredVersion | undefined, seen: VersionStatus | undefined) =>
    wanted === undefined && seen === undefined
      ? []
      : [
          [
            `  ${role}`,
            wanted === undefined ? 'none' : `${wanted.version} as ${wanted.name}`,
            wanted === undefined ? `${toShown(seen?.name ?? '', 60)} ${seen?.state}` : toStateText(wanted, seen),
          ],
        ];
  const once = desired.percentage === 0 ? 'the policy says 0 %' : `${desired.percentage} % once it is open`;
  const closed = candidate === undefined ? 'closed' : `closed (${once})`;
  const rows = [
    ['', 'WANTED', glance.source === 'git' ? 'SEEN BY THE WATCHER' : 'IN THE CLUSTER'],
    ...version('primary', primary, observed?.primary),
    ...version('candidate', candidate, observed?.candidate),
    [
      '  mirror',
      mirror === undefined ? closed : `${mirror.percentage} % to ${mirror.to}`,
      observed === undefined
        ? 'not seen'
        : observed.mirror === undefined
          ? 'closed'
          : `${observed.mirror.percentage} % to ${toShown(observed.mirror.to, 60)}`,
    ],
  ];
  const [head = '', ...lines] = toColumns(rows);
  return [
    ...toPendingLines(glance, style),
    `${style('bold', glance.name)} in ${glance.namespace ?? 'a namespace that is not known: --namespace tells'}, ${toPath(glance.file)}`,
    '',
    style('dim', head),
    ...lines,
    '',
    ...toMessageLines(glance),
    `${style('bold', 'Mirror:')} ${style(glance.gate.open ? 'green' : 'yellow', glance.gate.text)}`,
    ...differences.filter((one) => !isSaidByGate(one, glance)).map(({ text }) => `${style('bold', 'Note:')} ${text}`),
    `${style('bold', 'Next:')} ${style('cyan', glance.next)}`,
  ]
    .map((text) => `${text}\n`)
    .join('');
}

/** What is told beside the models. */
export interface StatusExtras {
  /** Undefined: the files are those of the working tree. */
  readonly revision: { readonly name: string; readonly commit: string } | undefined;
  readonly problems: readonly Problem[];
  /** What came of waiting. */
  readonly wait?: { readonly for: string; readonly outcome: string; readonly text: string };
}

function toSeenJson(seen: VersionStatus | undefined): object | null {
  if (seen === undefined) return null;
  const { reason, message } = seen;
  return {
    ...seen,
    ...(reason === undefined ? {} : { reason: mask(reason) }),
    ...(message === undefined ? {} : { message: mask(message) }),
  };
}

/** `{"models": […]}`: the fields are documented in docs/operations.md. */
export function toStatusJson(glances: readonly Glance[], { revision, problems, wait }: StatusExtras): string {
  const models = glances.map(({ name, namespace, file, desired, gate, source, observed, differences, next }) => ({
    name,
    namespace: namespace ?? null,
    file,
    desired: {
      primary: toVersionJson(desired.primary),
      candidate: desired.candidate === undefined ? null : toVersionJson(desired.candidate),
      percentage: desired.percentage,
      mirror: desired.mirror ?? null,
    },
    gate,
    source,
    observed:
      observed === undefined
        ? null
        : {
            primary: toSeenJson(observed.primary),
            candidate: toSeenJson(observed.candidate),
            mirror: observed.mirror ?? null,
          },
    differences,
    next,
  }));
  const all = { models, problems, revision: revision ?? null, ...(wait === undefined ? {} : { wait }) };
  return `${JSON.stringify(all, null, 2)}\n`;
}
