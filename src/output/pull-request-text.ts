/** The report of a pull request, for a terminal. */
import type { ChangedModel } from '../core/change/changed-models.ts';
import type { ChangedObject } from '../core/change/manifest-change.ts';
import type { PullRequest } from '../core/change/pull-request.ts';
import { isChanged } from '../core/change/pull-request.ts';
import type { Risk } from '../core/change/risk.ts';
import { toDiffText } from './diff-text.ts';
import { toProblemText } from './problem-text.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';
import { toSummary } from './words/change.ts';
import { toRiskText } from './words/risk.ts';

/** What was compared, as people call it. */
export interface RevisionLabels {
  readonly base: string;
  readonly head: string;
}

/** @param toPath turns a path from the repository's root into the one to show. */
export function toPullRequestText(
  report: PullRequest,
  { base, head }: RevisionLabels,
  toPath: (file: string) => string = (file) => file,
  style: Style = plainStyle,
): string {
  const { models, risks, objects, problemsBefore } = report;
  if (!isChanged(report)) return `${base} → ${head}: nothing changes in what is rendered\n`;
  const sections = [
    `${style('dim', `${base} → ${head}`)}\n`,
    groupModels(models)
      .map(({ names, summary }) => `${style('bold', `${names}:`)} ${style('cyan', summary)}\n`)
      .join(''),
    risks.map((risk) => toRiskLines(risk, toPath, style)).join(''),
    problemsBefore.length === 0
      ? ''
      : `${base} cannot be rendered, so its objects are not compared:\n${toProblemText(problemsBefore, toPath, style)}`,
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

/** How many models with one summary are named. */
const maxNames = 3;

/** Models with the same changes share a line, as when a policy of several models is edited. */
export function groupModels(models: readonly ChangedModel[]): ModelGroup[] {
  const groups = Map.groupBy(models, ({ changes }) => toSummary(changes));
  const isOnly = ({ name }: ChangedModel) => models.filter((model) => model.name === name).length === 1;
  const toLabel = (model: ChangedModel) => (isOnly(model) ? model.name : `${model.namespace}/${model.name}`);
  return [...groups].map(([summary, group]) => {
    const named = group.slice(0, group.length === maxNames + 1 ? maxNames + 1 : maxNames).map(toLabel);
    const more = group.length - named.length;
    return { names: `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`, summary };
  });
}

/** `3 objects change, 1 object is new, 1 object is removed` */
export function toObjectCount(objects: readonly ChangedObject[]): string {
  const count = (kind: ChangedObject['change']) => objects.filter(({ change }) => change === kind).length;
  const part = (n: number, one: string, many: string) => (n === 0 ? [] : [`${n} ${n === 1 ? one : many}`]);
  return [
    ...part(count('changed'), 'object changes', 'objects change'),
    ...part(count('added'), 'object is new', 'objects are new'),
    ...part(count('removed'), 'object is removed', 'objects are removed'),
  ].join(', ');
}

/** A removed object has no lines: its content is in git. */
export function toObjectDiff({ kind, namespace, name, before, after }: ChangedObject, style?: Style): string {
  const path = `${kind} ${namespace}/${name}`;
  return toDiffText(path, after === undefined ? '' : before, after, style);
}

function toRiskLines(risk: Risk, toPath: (file: string) => string, style: Style): string {
  const { file, line, column, code, model } = risk;
  const { message, hint } = toRiskText(risk, model);
  const place = style('bold', `${toPath(file)}:${line}:${column}:`);
  const about = model === undefined ? '' : `${model}: `;
  return `${place} ${style('yellow', 'risk:')} ${about}${message} ${style('dim', `[${code}]`)}\n    ${hint}\n`;
}
