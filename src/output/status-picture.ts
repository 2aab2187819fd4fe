/**
 * Models with candidates as a Mermaid flowchart, which GitHub, GitLab and Gitea render.
 *
 * Invariants: ids are our own, and labels keep only letters, digits, spaces, dots and hyphens of a name, so
 * that no name can end a label or be a keyword, Markdown or HTML; the table has the whole name. The text has
 * at most the 50,000 characters that hosts render (Mermaid's `maxTextSize`).
 */
import type { CandidateStatus, ModelStatus } from '../core/input/schema.ts';
import { toShown } from './page-text.ts';
import { toStepText } from './words/ramp.ts';

/** With so many models, even the longest names stay under the limit. */
export const maxPictured = 20;

export interface PicturedModel {
  readonly name: string;
  readonly namespace: string;
  readonly status: ModelStatus['status'];
}

type Status = ModelStatus['status'];
type Version = NonNullable<Status['primary']>;

/** One class sets text and background, so that light and dark pages look the same. */
const classes = {
  ready: 'fill:#1a7f37,stroke:#1a7f37,color:#ffffff',
  waiting: 'fill:#9a6700,stroke:#9a6700,color:#ffffff',
  failed: 'fill:#cf222e,stroke:#cf222e,color:#ffffff',
  gone: 'fill:#59636e,stroke:#59636e,color:#ffffff',
} as const;

const classOf: Readonly<Record<Version['state'], keyof typeof classes>> = {
  Ready: 'ready',
  Pending: 'waiting',
  Loading: 'waiting',
  Failed: 'failed',
  Missing: 'gone',
  Stopped: 'gone',
  Deleting: 'gone',
};

/**
 * The share, with the step from the second one on, or why there is none: a status file does not show that there is a ramp before
 * a step of it is passed, nor why a Ready candidate gets no copies.
 */
export function toMirrorText(candidate: CandidateStatus): string {
  const { state, mirror, passed } = candidate;
  const step = passed === undefined ? '' : `, ${toStepText({ step: passed.subject.step + 1, steps: passed.steps })}`;
  if (isMirrored(candidate)) return `${mirror?.percentage} %${step}`;
  return `closed, ${state === 'Ready' ? 'at 0 % or not open yet' : state}`;
}

export function isMirrored({ mirror }: CandidateStatus): boolean {
  return mirror !== undefined && mirror.percentage > 0;
}

/**
 * @param models at most `maxPictured`, in this order.
 * @returns Mermaid's text, ending in a newline.
 */
export function toStatusPicture(models: readonly PicturedModel[]): string {
  const members = new Map<string, string[]>();
  let count = 0;
  const node = (name: string | undefined, opening: string, lines: readonly string[], closing: string): string => {
    count += 1;
    const id = `n${count}`;
    if (name !== undefined) members.set(name, [...(members.get(name) ?? []), id]);
    return `${id}${opening}"${lines.join('<br>')}"${closing}`;
  };
  const rows = models.flatMap(({ name, namespace, status }) => {
    const model = node(undefined, '([', [`requests to ${toLabel(name, 40)}`, `in ${toLabel(namespace, 30)}`], '])');
    const [id] = model.split('(', 1);
    const version = (role: string, observed: Version | undefined) =>
      node(observed ? classOf[observed.state] : 'gone', '[', toVersionLines(role, observed), ']');
    return [
      `  ${model} --> ${version('primary', status.primary)}`,
      ...status.candidates.map(
        (candidate) =>
          `  ${id} ${isMirrored(candidate) ? '-.->' : '-.-x'}|"${toMirrorText(candidate)}"| ${version('candidate', candidate)}`,
      ),
    ];
  });
  const styles = Object.entries(classes).flatMap(([name, style]) => {
    const ids = members.get(name);
    return ids === undefined ? [] : [`  classDef ${name} ${style}`, `  class ${ids.join(',')} ${name}`];
  });
  return `flowchart LR\n${[...rows, ...styles].join('\n')}\n`;
}

function toVersionLines(role: string, version: Version | undefined): readonly string[] {
  if (version === undefined) return [role, 'not observed'];
  const { name, state, reason } = version;
  const said = reason === undefined ? state : `${state} ${toLabel(reason, 40)}`;
  return [`${role} ${toLabel(version.version ?? name, 30)}`, said];
}

/**
 * Special characters are replaced, not escaped: Mermaid decodes entities before it looks for formulas (`$$`),
 * icons (`fa:`) and its own placeholders.
 */
function toLabel(text: string, maxLength: number): string {
  return toShown(text, maxLength).replace(/[^\p{L}\p{M}\p{N} ._…-]/gu, '\uFFFD');
}
