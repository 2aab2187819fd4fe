/** Which models a reader asks for, by the query of the page's address. */

import { compareText } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { safe } from '../core/diagnostics/safe-text.ts';
import { attentionCodes, isUrgent } from '../core/observe/attention.ts';
import type { ListedModel } from './watched-models.ts';

/** A part of the models, by what people look for. */
export type ModelGroup = 'all' | 'urgent' | 'candidate' | 'mirrored' | 'passing';

export interface ModelsQuery {
  /** Part of `namespace/name`, in lower case; empty: any. */
  readonly text: string;
  readonly group: ModelGroup;
  /** From 1. */
  readonly page: number;
}

interface Group {
  readonly title: SafeText;
  readonly has: (model: ListedModel) => boolean;
}

export const modelGroups: Readonly<Record<ModelGroup, Group>> = {
  all: { title: safe`all`, has: () => true },
  urgent: { title: safe`need attention`, has: ({ attention }) => isUrgent(attention) },
  candidate: { title: safe`with a candidate`, has: ({ status }) => (status?.candidates.length ?? 0) > 0 },
  mirrored: {
    title: safe`mirrored`,
    has: ({ status }) => status?.candidates.some(({ mirror }) => (mirror?.percentage ?? 0) > 0) === true,
  },
  passing: {
    title: safe`Passing`,
    has: ({ status }) => status?.candidates.some(({ verdict }) => verdict?.verdict === 'Passing') === true,
  },
};

export const modelsPerPage = 100;
/** No name is longer than a namespace's and a model's, with the slash. */
const maxText = 127;

/** Whatever has no meaning is as if it were not there. */
export function parseModelsQuery(query: URLSearchParams): ModelsQuery {
  const group = query.get('state') ?? '';
  const page = query.get('page') ?? '';
  return {
    text: (query.get('q') ?? '').slice(0, maxText).trim().toLowerCase(),
    group: Object.hasOwn(modelGroups, group) ? (group as ModelGroup) : 'all',
    page: /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1,
  };
}

/** The address of the same page with another query, from the page itself. */
export function toModelsAddress({ text, group, page }: ModelsQuery): string {
  const query = new URLSearchParams({
    ...(text === '' ? {} : { q: text }),
    ...(group === 'all' ? {} : { state: group }),
    ...(page === 1 ? {} : { page: String(page) }),
  }).toString();
  return query === '' ? './' : `./?${query}`;
}

export interface PickedModels {
  readonly query: ModelsQuery;
  /** Of those whose name has the text. */
  readonly counts: Readonly<Record<ModelGroup, number>>;
  /** Those of this page, the most urgent first. */
  readonly models: readonly ListedModel[];
  readonly pages: number;
}

/** A page after the last one is the last one. */
export function pickModels(all: readonly ListedModel[], query: ModelsQuery): PickedModels {
  const named = query.text === '' ? all : all.filter((model) => toFullName(model).includes(query.text));
  const counts = Object.fromEntries(
    Object.entries(modelGroups).map(([group, { has }]) => [group, named.filter(has).length]),
  ) as Record<ModelGroup, number>;
  const pages = Math.max(1, Math.ceil(counts[query.group] / modelsPerPage));
  const page = Math.min(query.page, pages);
  const picked = named.filter(modelGroups[query.group].has).sort(compare);
  return {
    query: { ...query, page },
    counts,
    models: picked.slice((page - 1) * modelsPerPage, page * modelsPerPage),
    pages,
  };
}

function toFullName({ namespace = '?', name }: ListedModel): string {
  return `${namespace}/${name}`;
}

function compare(a: ListedModel, b: ListedModel): number {
  return (
    attentionCodes.indexOf(a.attention) - attentionCodes.indexOf(b.attention) ||
    compareText(a.namespace ?? '', b.namespace ?? '') ||
    compareText(a.name, b.name) ||
    compareText(a.file, b.file)
  );
}
