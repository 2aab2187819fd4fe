/** The alerts and the dashboard that the chart installs, and what they ask Prometheus. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../plugin/chart/files');
export const rulesFiles = ['rules.yaml', 'mirror-gateway-rules.yaml'].map((name) => join(folder, name));

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

export function readRules(): readonly Rule[] {
  return rulesFiles.flatMap((file) => {
    const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  });
}

function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')) as Dashboard;
}

/** What panels ask, with their titles. */
export function readQueries(): readonly { readonly title: string; readonly expr: string }[] {
  return readDashboard().panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
}

/** What the dashboard's variables ask, and which label they list. */
export function readVariables(): readonly { readonly expr: string; readonly label: string }[] {
  return readDashboard().templating.list.flatMap(({ query }) => {
    const [, expr = '', label = ''] =
      typeof query === 'string' ? [] : (/^label_values\((.+), (\w+)\)$/.exec(query.query) ?? []);
    return expr === '' ? [] : [{ expr, label }];
  });
}

/** The names of metrics in an expression: words that are neither functions, nor labels, nor operators. */
export function findMetrics(expr: string): readonly string[] {
  const plain = expr.replace(/\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\}|\[[^\]]*\]/g, '').replace(/\b(by|on)\s*\([^)]*\)/g, '');
  return [...plain.matchAll(/\b[a-z]\w*\b(?!\s*\()/g)]
    .map(([word]) => word)
    .filter((word) => !['and', 'or', 'unless', 'on', 'by', 'sum', 'max', 'min', 'count'].includes(word));
}

/** The labels that an expression selects by, with the metric. */
export function findSelectors(expr: string): readonly { readonly metric: string; readonly label: string }[] {
  return [...expr.matchAll(/([a-zA-Z_]\w*)\{((?:[^}"]|"(?:[^"\\]|\\.)*")*)\}/g)].flatMap(
    ([, metric = '', selector = '']) =>
      [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => ({ metric, label })),
  );
}
