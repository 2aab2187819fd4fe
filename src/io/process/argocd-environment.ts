/**
 * What Argo CD passes to a plugin in its environment. The one place that reads it.
 *
 * The revision is not read: with manifest-generate-paths, Argo CD reuses the manifests of an old revision for the new
 * one, so that a rendered revision would be outdated.
 */

import type { FieldPath, Finding, Problem, Severity } from '../../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { toProblem } from '../../core/input/parse-document.ts';
import { isMap } from '../../core/input/plain-value.ts';
import { parseText } from '../../core/input/yaml-text.ts';

export interface ArgocdEnvironment {
  /** ARGOCD_APP_NAMESPACE: the Application's destination namespace. */
  readonly namespace: string | undefined;
  /** ARGOCD_APP_SOURCE_PATH: the Application's folder from the repository's root; undefined outside of Argo CD. */
  readonly sourcePath: string | undefined;
  readonly cluster: string | undefined;
  readonly root: string | undefined;
  readonly watcherUrl: string | undefined;
  readonly assumeReady: boolean;
  readonly allowEmpty: boolean;
  readonly problems: readonly Problem[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a parameter is for, as the Argo CD UI shows it. */
export interface Parameter {
  readonly name: 'cluster' | 'root' | 'watcherUrl' | 'assumeReady' | 'allowEmpty';
  readonly title: string;
  readonly tooltip: string;
  readonly itemType: 'string' | 'boolean';
}

export const parameters: readonly Parameter[] = [
  {
    name: 'cluster',
    title: 'Cluster',
    tooltip: 'Read status.<cluster>.yaml, which the watcher of this cluster writes, in place of status.yaml.',
    itemType: 'string',
  },
  {
    name: 'root',
    title: 'Root of the policies',
    tooltip:
      "The outermost folder whose policies count, as ../.. from the Application's folder. Default: the repository's root. An annotation of each route shows when outer policies are left out.",
    itemType: 'string',
  },
  {
    name: 'watcherUrl',
    title: "Address of the watcher's pages",
    tooltip: 'Link the routes of each model to its page, as in https://mirrors.example.com.',
    itemType: 'string',
  },
  {
    name: 'assumeReady',
    title: 'Assume that candidates are ready',
    tooltip: 'Preview only: open every mirror as if its candidate were ready.',
    itemType: 'boolean',
  },
  {
    name: 'allowEmpty',
    title: 'Allow that no model is left',
    tooltip: 'The clean-up: render nothing when the last model is gone, so that Argo CD prunes everything.',
    itemType: 'boolean',
  },
];

const variable = 'ARGOCD_APP_PARAMETERS';

export function readArgocdEnvironment(environment: Environment): ArgocdEnvironment {
  const { values, problems } = parseParameters(environment[variable]);
  return {
    namespace: environment['ARGOCD_APP_NAMESPACE'] || undefined,
    sourcePath: environment['ARGOCD_APP_SOURCE_PATH'],
    cluster: values.get('cluster') || undefined,
    root: values.get('root') || undefined,
    watcherUrl: values.get('watcherUrl') || undefined,
    assumeReady: values.get('assumeReady') === 'true',
    allowEmpty: values.get('allowEmpty') === 'true',
    problems,
  };
}

/** The parameters of `spec.source.plugin`: a JSON list, `null` for none; each has a string, array or map. */
function parseParameters(text: string | undefined): { values: Map<string, string>; problems: Problem[] } {
  const values = new Map<string, string>();
  if (text === undefined || text === '' || text === 'null') return { values, problems: [] };
  const source = { path: variable, text };
  const { value: list, problems: broken } = parseText(source);
  const problems = [...broken];
  const report = (path: FieldPath, finding: Omit<Finding, 'code'>, severity?: Severity) =>
    problems.push(
      toProblem(
        source,
        path,
        { code: 'parameter-refused', ...finding },
        { on: 'value', ...(severity && { severity }) },
      ),
    );
  if (!Array.isArray(list)) {
    if (problems.length === 0)
      report([], {
        message: safe`the parameters are not a list`,
        hint: safe`write them as Argo CD documents: name and string`,
      });
    return { values, problems };
  }
  for (const [i, entry] of list.entries()) {
    const name: unknown = isMap(entry) ? entry['name'] : undefined;
    const known = parameters.find((parameter) => parameter.name === name);
    if (name === 'mirrorPercentage')
      report([i, 'name'], {
        message: safe`mirrorPercentage is not taken from the Application: whoever can edit one could bypass the limits and the history in git`,
        hint: safe`edit spec.mirrorPercentage of the policy in git`,
      });
    else if (known === undefined) report([i, 'name'], refuseName(name));
    else {
      const value: unknown = isMap(entry) ? entry['string'] : undefined;
      const isBoolean = known.itemType === 'boolean';
      if (typeof value !== 'string' || (isBoolean && !['true', 'false', ''].includes(value)))
        report(
          [i, 'string'],
          {
            message: safe`the parameter ${known.name} is not ${isBoolean ? '"true" or "false"' : 'a string'}`,
            hint: safe`write {name: ${known.name}, string: "${isBoolean ? 'true' : '…'}"}`,
          },
          // A link for people must not keep the rest from being rendered.
          known.name === 'watcherUrl' ? 'warning' : 'error',
        );
      else values.set(known.name, value);
    }
  }
  return { values, problems };
}

function refuseName(name: unknown): Omit<Finding, 'code'> {
  const names = parameters.map((parameter) => parameter.name);
  const meant = suggest(String(name), names);
  return {
    message: safe`there is no parameter ${quote(String(name))}`,
    hint: meant === undefined ? safe`remove it; there are ${join(names, ', ')}` : safe`did you mean "${mask(meant)}"?`,
  };
}
