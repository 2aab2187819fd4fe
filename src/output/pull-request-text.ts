/** The report of a pull request, for a terminal. */
import type { ChangedObject } from '../core/change/manifest-change.ts';
import type { ModelChange, PullRequest } from '../core/change/pull-request.ts';
import { isChanged } from '../core/change/pull-request.ts';
import type { Risk } from '../core/change/risk.ts';
import { toDiffText } from './diff-text.ts';
import { toProblemText } from './problem-text.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';

/** What was compared, as people call it. */
export interface Compared {
  readonly before: string;
  readonly after: string;
}

/** @param toPath turns a path from the repository's root into the one to show. */
export function toPullRequestText(
  report: PullRequest,
  { before, after }: Compared,
  toPath: (file: string) => string = (file) => file,
  style: Style = plainStyle,
): string {
  const { models, risks, objects, problemsBefore } = report;
  if (!isChanged(report)) return `${before} → ${after}: nothing changes in what is rendered\n`;
  const sections = [
    `${style('dim', `${before} → ${after}`)}\n`,
    groupModels(models)
      .map(({ names, summary }) => `${style('bold', `${names}:`)} ${style('cyan', summary)}\n`)
      .join(''),
    risks.map((risk) => toRiskText(risk, toPath, style)).join(''),
    problemsBefore.length === 0
      ? ''
      : `${before} cannot be rendered, so its objects are not compared:\n${toProblemText(problemsBefore, toPath, style)}`,
    objects.map((object) => toObjectDiff(object, style)).join(''),
    objects.length === 0 ? '' : `${toObjectCount(objects)}.\n`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}

export interface ModelGroup {
  /** `wisdom`, or `wisdom, memory and 3 more`. */
  readonly names: string;
  readonly summary: string;
}

/** How many models of one summary are named. */
const maxNames = 3;

/** Models of which the same is to be said, as when a policy of many is edited, share a line. */
export function groupModels(models: readonly ModelChange[]): ModelGroup[] {
  const groups = Map.groupBy(models, ({ summary }) => summary.join('; '));
  const isOnly = ({ name }: ModelChange) => models.filter((model) => model.name === name).length === 1;
  const toLabel = (model: ModelChange) => (isOnly(model) ? model.name : `${model.namespace}/${model.name}`);
  return [...groups].map(([summary, group]) => {
    const named = group.slice(0, group.length === maxNames + 1 ? maxNames + 1 : maxNames).map(toLabel);
    const more = group.length - named.length;
    return { names: `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`, summary };
  });
}

/** `3 objects change, 1 comes, 1 goes` */
export function toObjectCount(objects: readonly ChangedObject[]): string {
  const count = (wanted: string) => objects.filter(({ change }) => change === wanted).length;
  const part = (n: number, one: string, many: string) => (n === 0 ? [] : [`${n} ${n === 1 ? one : many}`]);
  return [
    ...part(count('changed'), 'object changes', 'objects change'),
    ...part(count('added'), 'object is new', 'objects are new'),
    ...part(count('removed'), 'object is removed', 'objects are removed'),
  ].join(', ');
}

/** Of an object that is removed, no more than that: what it was is in git. */
export function toObjectDiff({ kind, namespace, name, before, after }: ChangedObject, style?: Style): string {
  const path = `${kind} ${namespace}/${name}`;
  return toDiffText(path, after === undefined ? '' : before, after, style);
}

function toRiskText(
  { file, line, column, code, model, message, hint }: Risk,
  toPath: (file: string) => string,
  style: Style,
): string {
  const place = style('bold', `${toPath(file)}:${line}:${column}:`);
  const about = model === undefined ? '' : `${model}: `;
  return `${place} ${style('yellow', 'risk:')} ${about}${message} ${style('dim', `[${code}]`)}\n    ${hint}\n`;
}
