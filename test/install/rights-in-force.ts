/** What the accounts of watcher and comparer may do once the roles of an installation are applied, and what it may not. */
import type { Built } from './kustomize.ts';
import type { Deed, RealApi } from './real-api.ts';

interface Expectation {
  /** Whose rights they are: the installation's namespace. */
  readonly namespace: string;
  /** Default: the watcher's. */
  readonly account?: string;
  readonly may: readonly Deed[];
  readonly mayNot: readonly Deed[];
}

const all = undefined;
const models = 'modelmesh-serving';

const read = (namespace: string | undefined): Deed[] =>
  ['get', 'list', 'watch'].flatMap((verb) => [
    { verb, group: 'serving.kserve.io', resource: 'inferenceservices', namespace },
    { verb, group: 'networking.istio.io', resource: 'virtualservices', namespace },
    { verb, group: 'apps', resource: 'deployments', namespace },
    { verb, group: '', resource: 'pods', namespace },
  ]);
const applications = (verb: string, namespace: string): Deed => ({
  ...{ verb, group: 'argoproj.io', resource: 'applications', namespace },
});

/** Never, whatever is installed. */
const never: readonly Deed[] = [
  ...[models, 'argocd', 'model-mirror', 'ml-tools'].flatMap((namespace) => [
    { verb: 'get', group: '', resource: 'secrets', namespace },
    { verb: 'patch', group: 'serving.kserve.io', resource: 'inferenceservices', namespace },
    { verb: 'patch', group: 'networking.istio.io', resource: 'virtualservices', namespace },
    { verb: 'create', group: '', resource: 'pods', namespace },
    { verb: 'create', group: '', resource: 'pods/exec', namespace },
    { verb: 'get', group: '', resource: 'pods/log', namespace },
    { verb: 'patch', group: 'apps', resource: 'deployments', namespace },
  ]),
  applications('get', 'argocd'),
  applications('delete', 'argocd'),
  applications('patch', models),
];

const everywhere = (namespace: string): Expectation => ({
  namespace,
  may: [...read(all), ...read(models)],
  mayNot: [...never, applications('patch', 'argocd')],
});

const refreshing = (namespace: string): Expectation => ({
  namespace,
  may: [...read(all), ...read(models), applications('patch', 'argocd')],
  mayNot: never,
});

const named = (namespace: string): Expectation => ({
  namespace,
  may: read(models),
  mayNot: [...never, ...read(all), ...read('argocd'), applications('patch', 'argocd')],
});

const namedAndRefreshing = (namespace: string): Expectation => ({
  namespace,
  may: [...read(models), applications('patch', 'argocd')],
  mayNot: [...never, ...read(all), ...read('argocd')],
});

const routes = (namespace: string | undefined): Deed[] =>
  ['get', 'list', 'watch'].map((verb) => ({
    ...{ verb, group: 'networking.istio.io', resource: 'virtualservices', namespace },
  }));

/** Routes, and nothing else of what the watcher reads. */
const comparing = (namespace: string, of: string | undefined, notOf: readonly (string | undefined)[]): Expectation => ({
  namespace,
  account: 'model-mirror-comparer',
  may: routes(of),
  mayNot: [
    ...never,
    ...notOf.flatMap(routes),
    ...read(models).filter(({ resource }) => resource !== 'virtualservices'),
    applications('patch', 'argocd'),
  ],
});

/** By the installation's name. */
export const expectations: Readonly<Record<string, Expectation>> = {
  'by default': everywhere('model-mirror'),
  'in ml-tools': everywhere('ml-tools'),
  'argocd refresh': refreshing('model-mirror'),
  'with all that reaches out of ml-tools': namedAndRefreshing('ml-tools'),
  'watcher of some namespaces': named('model-mirror'),
  'as docs/install.md says, with Helm': everywhere('model-mirror'),
  'as docs/install.md says, with a file': everywhere('model-mirror'),
  comparer: comparing('model-mirror', all, []),
  'a comparer of its own in models-a': comparing('models-a', 'models-a', [all, 'models-b', models]),
};

/** Applies the roles and bindings, asks the API server, and removes them. @returns what is not as expected. */
export async function findWrongRights(
  api: RealApi,
  objects: readonly Built[] | undefined,
  { namespace, account = 'model-mirror-watcher', may, mayNot }: Expectation,
): Promise<string[]> {
  if (objects === undefined) return ['it is not built'];
  const rights = objects.filter(({ apiVersion }) => apiVersion.startsWith('rbac.authorization.k8s.io/'));
  for (const object of rights) await api.apply(object);
  try {
    const user = `system:serviceaccount:${namespace}:${account}`;
    const stranger = `system:serviceaccount:${namespace}:default`;
    const wrong: string[] = [];
    // What is allowed first: after that all of them are in force.
    for (const deed of may) if (!(await api.isSo(user, deed, true))) wrong.push(`cannot ${toText(deed)}`);
    for (const deed of mayNot) if (!(await api.isSo(user, deed, false))) wrong.push(`can ${toText(deed)}`);
    for (const deed of may) if (!(await api.isSo(stranger, deed, false))) wrong.push(`anybody can ${toText(deed)}`);
    return wrong;
  } finally {
    for (const object of rights) await api.remove(object);
  }
}

function toText({ verb, group, resource, namespace = 'all namespaces' }: Deed): string {
  return `${verb} ${resource}${group === '' ? '' : `.${group}`} in ${namespace}`;
}
