/**
 * The page that a git host shows: failures, a table of the models, and a picture of the candidates.
 *
 * Invariants: facts only, so that equal facts give equal bytes in any order; nothing from the cluster can
 * break the table, or add a link or HTML.
 */
import { compareText } from '../core/diagnostics/problem.ts';
import { pageMark } from '../core/input/file-role.ts';
import type { CandidateStatus, ModelState, ModelStatus } from '../core/input/schema.ts';
import { toCell, toCode, toInline, toLinkTarget, toShown } from './page-text.ts';
import { isMirrored, maxPictured, toMirrorText, toStatusPicture } from './status-picture.ts';

export interface PageModel {
  readonly name: string;
  readonly namespace: string;
  /** From the repository's root. */
  readonly folder: string;
  /** The same from the page. */
  readonly link: string;
  readonly status: ModelStatus['status'];
}

type Version = NonNullable<ModelStatus['status']['primary']>;

/** Up to so many models all are shown: git hosts do not render pages of megabytes. */
const maxRows = 500;

const maxFailures = 20;

/** In the order of the counts, the worst first; undefined: not observed. */
const states = ['Failed', 'Missing', undefined, 'Stopped', 'Deleting', 'Pending', 'Loading', 'Ready'] as const;

/** Text characters, not emoji: these are as wide and have the same colour as words. */
const signs: Readonly<Record<ModelState, string>> = {
  Failed: '✗ **Failed**',
  Missing: '∅ Missing',
  Stopped: '■ Stopped',
  Deleting: '− Deleting',
  Pending: '○ Pending',
  Loading: '◐ Loading',
  Ready: '✓ Ready',
};

/** Markdown, ending in a newline. */
export function toStatusPage({
  models,
  cluster,
}: {
  models: readonly PageModel[];
  cluster: string | undefined;
}): string {
  const sorted = models.toSorted(
    (a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.folder, b.folder),
  );
  const where = cluster === undefined ? '' : ` in ${toInline(cluster, 80)}`;
  const parts = [
    pageMark,
    `# Models${where}`,
    ...(sorted.length === 0
      ? ['The watcher observes no models.']
      : [toCounts(sorted), ...toFailures(sorted), ...toTableAndPicture(sorted)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function toCounts(models: readonly PageModel[]): string {
  const candidates = models.flatMap(({ status }) => status.candidates);
  const open = candidates.filter(isMirrored);
  return [
    `${toNumber(models.length, 'model')}.`,
    `Primaries: ${toStateCounts(models.map(({ status }) => status.primary))}.`,
    `Candidates: ${toStateCounts(candidates)}.`,
    `Mirrors open: ${open.length}.`,
  ].join(' ');
}

function toStateCounts(versions: readonly (Version | undefined)[]): string {
  const counts = new Map<ModelState | undefined, number>();
  for (const version of versions) counts.set(version?.state, (counts.get(version?.state) ?? 0) + 1);
  const words = states.flatMap((state) => {
    const count = counts.get(state);
    if (count === undefined) return [];
    const word = `${count} ${state ?? 'not observed'}`;
    return [state === 'Failed' || state === 'Missing' ? `**${word}**` : word];
  });
  return words.length === 0 ? 'none' : words.join(', ');
}

/** KServe's reason and message for each failure; empty when nothing fails. */
function toFailures(models: readonly PageModel[]): readonly string[] {
  const items = models.flatMap((model) =>
    [model.status.primary, ...model.status.candidates].flatMap((version, i) =>
      version?.state === 'Failed' ? [toFailure(model, i === 0 ? 'primary' : 'candidate', version)] : [],
    ),
  );
  if (items.length === 0) return [];
  const more = items.length - maxFailures;
  return ['## Failed', [...items.slice(0, maxFailures), ...(more > 0 ? [`- and ${more} more`] : [])].join('\n')];
}

function toFailure(model: PageModel, role: string, version: Version): string {
  const { reason, message } = version;
  const said = [
    ...(reason === undefined ? [] : [toInline(reason, 80)]),
    ...(message === undefined ? [] : [toCode(toShown(message, 300))]),
  ];
  const what = `- ${toLink(model)} in ${toInline(model.namespace, 80)}, ${role} ${toVersionName(version)}`;
  return said.length === 0 ? what : `${what}: ${said.join(' ')}`;
}

function toTableAndPicture(models: readonly PageModel[]): readonly string[] {
  const isShort = models.length <= maxRows;
  const noted = isShort ? models : models.filter(isNotable);
  const rows = pickMostUrgent(noted, maxRows);
  const candidates = models.filter(({ status }) => status.candidates.length > 0);
  const pictured = pickMostUrgent(candidates, maxPictured);
  return [
    '## All',
    ...(rows.length === 0 ? [] : [toTable(rows)]),
    ...(noted.length === rows.length
      ? []
      : [`${noted.length - rows.length} more are not shown; these are the most urgent.`]),
    ...(isShort ? [] : [`${models.length - noted.length} more have a Ready primary and no candidate.`]),
    '## Candidates',
    ...(pictured.length === 0 ? ['No model has a candidate.'] : toPicture(pictured, candidates.length)),
  ];
}

function toTable(models: readonly PageModel[]): string {
  const rows = models.map((model) => {
    const { namespace, status } = model;
    const cells = [
      toLink(model),
      toInline(namespace, 80),
      status.primary === undefined ? 'not observed' : toVersion(status.primary),
      status.candidates.map(toVersion).join(', '),
      toMirrors(status.candidates),
    ];
    return `| ${cells.map(toCell).join(' | ')} |`;
  });
  return ['| Model | Namespace | Primary | Candidate | Mirror |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** With several candidates, each mirror names its candidate. */
function toMirrors(candidates: readonly CandidateStatus[]): string {
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return toMirrorText(only);
  return candidates.map((candidate) => `${toVersionName(candidate)} ${toMirrorText(candidate)}`).join(', ');
}

function toPicture(models: readonly PageModel[], all: number): readonly string[] {
  const more = all - models.length;
  return [
    `Solid lines are requests, dotted lines are their copies.${more > 0 ? ` ${more} more models with a candidate are not shown; these are the most urgent.` : ''}`,
    `\`\`\`mermaid\n${toStatusPicture(models)}\`\`\``,
  ];
}

function toVersion(version: Version): string {
  const { state, reason } = version;
  return `${toVersionName(version)} ${signs[state]}${reason === undefined ? '' : ` ${toInline(reason, 80)}`}`;
}

function toVersionName({ name, version }: Version): string {
  return toInline(version ?? name, 80);
}

function toLink({ name, link }: PageModel): string {
  return `[${toInline(name, 80)}](${toLinkTarget(link)})`;
}

/** What a long table leaves out: models with a Ready primary and no candidate. */
function isNotable({ status }: PageModel): boolean {
  return status.candidates.length > 0 || status.primary?.state !== 'Ready';
}

/** The most urgent, in their own order. */
function pickMostUrgent(models: readonly PageModel[], count: number): readonly PageModel[] {
  if (models.length <= count) return models;
  const worst = models.toSorted((a, b) => toUrgency(a) - toUrgency(b)).slice(0, count);
  const picked = new Set(worst);
  return models.filter((model) => picked.has(model));
}

/** Lower is more urgent. */
function toUrgency({ status: { primary, candidates } }: PageModel): number {
  if ([primary, ...candidates].some((version) => version?.state === 'Failed')) return 0;
  if (primary?.state !== 'Ready') return 1;
  if (candidates.some(({ state }) => state !== 'Ready')) return 2;
  return candidates.some(({ mirror }) => mirror === undefined) ? 3 : 4;
}

function toNumber(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
