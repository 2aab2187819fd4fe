import { routers } from '../../src/core/routing/routers.ts';
import { modes } from '../../src/core/serving/modes.ts';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs?: readonly string[];
  readonly [other: string]: unknown;
}

export interface Role extends Built {
  readonly rules?: readonly Rule[];
}

interface Binding extends Built {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

const reading = ['get', 'list', 'watch'];

/** What serving modes and routers watch, as `group/resource`; the core group is empty. */
export const watched = [
  ...new Set(
    [
      ...[...modes, ...routers].map((provider) => provider.watched),
      ...modes.flatMap(({ workloads }) => workloads?.watched ?? []),
    ].map(({ groupVersion, plural }) => toResource(groupVersion, plural)),
  ),
];

function toResource(groupVersion: string, plural: string): string {
  return `${groupVersion.split('/').at(-2) ?? ''}/${plural}`;
}

/** All that may be given, to anybody; what is in no line is too much. */
const allowed: readonly { readonly resource: string; readonly verbs: readonly string[]; readonly within?: RegExp }[] = [
  ...watched.map((resource) => ({ resource, verbs: reading })),
  { resource: 'argoproj.io/applications', verbs: ['patch'], within: /^argocd(-ml)?$/ },
];

/** The comparer reads routes alone. */
const accounts: Readonly<Record<string, readonly string[]>> = {
  'model-mirror-watcher': allowed.map(({ resource }) => resource),
  'model-mirror-comparer': routers.map(({ watched: { groupVersion, plural } }) => toResource(groupVersion, plural)),
};

/** What is given beyond reading what is watched and patching Argo CD's Applications, and to whom else; empty when fine. */
export function findExcessRights(objects: readonly Built[]): string[] {
  return objects.flatMap((object) => {
    if (/^(Cluster)?Role$/.test(object.kind)) return findInRole(object as Role);
    if (/^(Cluster)?RoleBinding$/.test(object.kind)) return findInBinding(object as Binding, objects);
    return [];
  });
}

/** What is watched but cannot be read with the rules of a role; empty when fine. */
export function findMissingRights({ rules = [] }: Role): string[] {
  const given = new Set(
    rules.flatMap(({ apiGroups = [], resources = [], verbs = [] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    ),
  );
  return watched.flatMap((resource) => reading.map((verb) => `${verb} ${resource}`)).filter((one) => !given.has(one));
}

function findInRole(role: Role): string[] {
  const label = toLabel(role);
  const troubles = 'aggregationRule' in role ? [`${label} takes in other roles' rights`] : [];
  for (const { apiGroups = [], resources = [], verbs = [], ...others } of role.rules ?? []) {
    for (const other of Object.keys(others)) troubles.push(`${label} has a rule with ${other}`);
    for (const group of apiGroups)
      for (const resource of resources)
        for (const verb of verbs)
          if (!isAllowed(role, `${group}/${resource}`, verb))
            troubles.push(`${label} may ${verb} ${group}/${resource}`);
  }
  return troubles;
}

function isAllowed(role: Role, resource: string, verb: string): boolean {
  const line = allowed.find((one) => one.resource === resource);
  if (line === undefined || !line.verbs.includes(verb)) return false;
  return line.within === undefined || (role.kind === 'Role' && line.within.test(role.metadata.namespace ?? ''));
}

function findInBinding(binding: Binding, objects: readonly Built[]): string[] {
  const label = toLabel(binding);
  const { roleRef, subjects = [] } = binding;
  const isHere = ({ kind, metadata }: Built) =>
    kind === roleRef.kind &&
    metadata.name === roleRef.name &&
    (kind === 'ClusterRole' || metadata.namespace === binding.metadata.namespace);
  const given = objects
    .filter(isHere)
    .flatMap(({ rules = [] }: Role) =>
      rules.flatMap(({ apiGroups = [], resources = [] }) =>
        apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`)),
      ),
    );
  return [
    ...(objects.some(isHere) ? [] : [`${label} gives the ${roleRef.kind} ${roleRef.name}, which is not here`]),
    ...subjects
      .filter(
        ({ kind, name }) =>
          kind !== 'ServiceAccount' || !given.every((resource) => accounts[name]?.includes(resource) === true),
      )
      .map(({ kind, name }) => `${label} gives it to the ${kind} ${name}`),
  ];
}
