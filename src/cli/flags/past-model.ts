/** The flags of a command that reads a model's history → where it is looked for. */
import type { HistoryRequest } from '../../commands/history.ts';
import type { Host } from '../host.ts';
import { toClusterName } from './cluster-name.ts';
import type { ModelFlags } from './model-flags.ts';
import { toModelPlaces } from './model-places.ts';
import { toNamespace } from './namespace-name.ts';
import type { RepositoryScope } from './repository-scope.ts';
import { toRepositoryScope, toScopePlaces } from './repository-scope.ts';

type PastFlags = Omit<ModelFlags, 'output'>;

/** Which commits and files a request is about. */
export type PastModelRequest = Pick<HistoryRequest, 'model' | 'revision' | 'part' | 'names' | 'cluster' | 'namespace'>;

export function toPastModel(
  model: string,
  revision: string,
  flags: PastFlags,
  host: Host,
): { readonly scope: RepositoryScope; readonly request: PastModelRequest } {
  const scope = toRepositoryScope(flags, host);
  // A bare repository has no working directory to begin with.
  const places = scope.isBare ? toScopePlaces(scope) : toModelPlaces(model, toScopePlaces(scope), flags);
  return {
    scope,
    request: {
      model,
      revision,
      part: { root: scope.root, folder: places.folder === places.root ? scope.root : scope.folder },
      names: scope,
      cluster: toClusterName(flags.cluster),
      namespace: toNamespace(flags.namespace),
    },
  };
}
