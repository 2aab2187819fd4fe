import type { PullRequest } from '../core/change/pull-request.ts';
import { isChanged } from '../core/change/pull-request.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { maskTexts } from './masked-texts.ts';
import { toObjectDiff } from './pull-request-text.ts';
import { toChangeText } from './words/change.ts';
import { toRiskText } from './words/risk.ts';

interface NamedRevision {
  /** As the user named it. */
  readonly revision: string;
  /** Undefined: the work tree. */
  readonly commit: string | undefined;
}

/** A report for programs, or only the problems of a head with errors. */
export function toPullRequestJson({
  base,
  head,
  report,
  problems,
}: {
  readonly base: NamedRevision;
  readonly head: NamedRevision;
  readonly report: PullRequest | undefined;
  readonly problems: readonly Problem[];
}): string {
  const { models = [], risks = [], objects = [], problemsBefore = [] } = report ?? {};
  const toRevision = ({ revision, commit }: NamedRevision) => ({ revision, commit: commit ?? null });
  const value = {
    base: toRevision(base),
    head: toRevision(head),
    changed: report === undefined ? null : isChanged(report),
    models: models.map(({ changes, ...model }) => ({
      ...model,
      summary: changes.map(toChangeText),
      changes: changes.map(maskTexts),
    })),
    risks: risks.map((risk) => {
      const { model, file, line, column, code, ...details } = risk;
      const place = { file, line, column };
      return { model: model ?? null, ...place, code, ...toRiskText(risk, model), details: maskTexts(details) };
    }),
    manifests: objects.map((object) => ({
      kind: object.kind,
      namespace: object.namespace,
      name: object.name,
      change: object.change,
      diff: toObjectDiff(object),
    })),
    problems,
    baseProblems: problemsBefore,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
