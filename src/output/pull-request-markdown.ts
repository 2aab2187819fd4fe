/**
 * The report of a pull request, as a comment on a git host.
 *
 * Invariants: it begins with the marker by which the comment is found again; it is never longer than a comment may
 * be, and counts what it leaves out; no text from the files can break it or add a link, HTML or a mention.
 */
import type { ChangedObject } from '../core/change/manifest-change.ts';
import type { PullRequest } from '../core/change/pull-request.ts';
import { isChanged } from '../core/change/pull-request.ts';
import type { Risk } from '../core/change/risk.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { toInline, toProse } from './page-text.ts';
import type { RevisionLabels } from './pull-request-text.ts';
import { groupModels, toObjectCount, toObjectDiff } from './pull-request-text.ts';
import { toRiskText } from './words/risk.ts';

/** The first line of every report. */
export const marker = '<!-- model-mirror diff -->';

/** The second line of a report without changes. */
const withoutChanges = '<!-- no changes -->';

/** GitHub takes 65,536 characters, GitLab a million. */
export const maxCharacters = 60_000;

/** The most that models, risks and problems may take each; the manifests get the rest. */
const maxListCharacters = 12_000;

/** How many characters of a text from the files are shown. */
const maxText = 300;

/** @returns Markdown that ends in a newline. */
export function toPullRequestMarkdown(report: PullRequest, labels: RevisionLabels): string {
  const { models, risks, objects, problemsBefore } = report;
  const lines = groupModels(models).map(
    ({ names, summary }) => `- **${toProse(names, maxText)}**: ${toProse(summary, 2 * maxText)}`,
  );
  const changed = isChanged(report);
  const summary = changed ? 'No model changes.' : 'Nothing changes in what is rendered.';
  return toComment(changed ? [marker] : [marker, withoutChanges], labels, [
    lines.length > 0 ? toList(lines) : summary,
    ...toRisks(risks),
    ...toProblems(`The base cannot be rendered, so its objects are not compared.`, problemsBefore),
    ...(objects.length === 0 ? [] : [objects]),
  ]);
}

/** Whether it is a report without changes. */
export function isWithoutChanges(markdown: string): boolean {
  return markdown.startsWith(`${marker}\n${withoutChanges}\n`);
}

/** The comment when the head cannot be rendered. */
export function toBrokenMarkdown(problems: readonly Problem[], labels: RevisionLabels): string {
  return toComment(
    [marker],
    labels,
    toProblems('**This cannot be rendered.** Argo CD applies nothing of it until these errors are fixed:', problems),
  );
}

function toComment(
  markers: readonly string[],
  { base, head }: RevisionLabels,
  parts: readonly (string | readonly ChangedObject[])[],
): string {
  const tail = `<sub>${toProse(base, maxText)} → ${toProse(head, maxText)}</sub>\n`;
  let text = `${markers.join('\n')}\n### model-mirror\n\n`;
  for (const part of parts)
    text += `${typeof part === 'string' ? part : toManifests(part, maxCharacters - text.length - tail.length - 2)}\n\n`;
  return text + tail;
}

/** As many lines as fit, and how many more there are. */
function toList(lines: readonly string[]): string {
  let length = 0;
  const shown = lines.filter((line) => {
    length += line.length + 1;
    return length <= maxListCharacters;
  });
  const more = lines.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`- … and ${more} more`])].join('\n');
}

function toRisks(risks: readonly Risk[]): string[] {
  if (risks.length === 0) return [];
  const lines = risks.map((risk) => {
    const { file, line, code, model } = risk;
    const { message, hint } = toRiskText(risk, model);
    const about = model === undefined ? '' : `**${toProse(model, maxText)}**: `;
    return `> - ${about}${toProse(message, 2 * maxText)}. _${toProse(hint, maxText)}._ (${toInline(`${file}:${line}`, maxText)}, \`${code}\`)`;
  });
  return [
    `> [!WARNING]\n> ${risks.length === 1 ? 'One risk' : `${risks.length} risks`} to look at:\n>\n${toList(lines)}`,
  ];
}

function toProblems(title: string, problems: readonly Problem[]): string[] {
  if (problems.length === 0) return [];
  const lines = problems.map(
    ({ file, line, column, severity, message, hint, code }) =>
      `- ${severity} in ${toInline(`${file}:${line}:${column}`, maxText)}: ${toProse(message, 2 * maxText)}; ${toProse(hint, maxText)} (\`${code}\`)`,
  );
  return [`${title}\n\n${toList(lines)}`];
}

const detailsEnd = '\n</details>';

function toManifests(objects: readonly ChangedObject[], room: number): string {
  const summary = `<details><summary>${toObjectCount(objects)}</summary>\n\n`;
  const diffs = objects.map((object) => toObjectDiff(object));
  const fence = toFence(diffs);
  const frame = summary.length + 2 * fence.length + 'diff\n\n'.length + detailsEnd.length;
  const note = (left: number) => `\nand ${left} more: run model-mirror diff to see all\n`;
  let left = room - frame - note(diffs.length).length - 2;
  const shown = diffs.filter((diff) => {
    const fits = diff.length <= left;
    if (fits) left -= diff.length;
    return fits;
  });
  const more = diffs.length - shown.length;
  const block = shown.length === 0 ? '' : `${fence}diff\n${shown.join('')}${fence}\n`;
  return `${summary}${block}${more === 0 ? '' : note(more)}${detailsEnd}`;
}

/** Longer than any run of backticks in the text. */
function toFence(texts: readonly string[]): string {
  const longest = texts
    .flatMap((text) => text.match(/`{3,}/g) ?? [])
    .reduce((length, run) => Math.max(length, run.length), 2);
  return '`'.repeat(longest + 1);
}
