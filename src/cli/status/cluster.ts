import { Fault } from '../../core/diagnostics/fault.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { WatchedKind } from '../../core/manifests/watched-kind.ts';
import type { ClusterReader } from '../../core/ports/cluster-reader.ts';
import type { ListLive } from '../../core/ports/observation.ts';
import { routers } from '../../core/routing/routers.ts';
import { modes, watchedKinds } from '../../core/serving/modes.ts';
import { createClusterReader } from '../../io/kubernetes/cluster-reader.ts';
import type { ApiPlace } from '../../io/kubernetes/kubernetes-api.ts';
import { ApiTrouble, KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import { listLive } from '../../io/kubernetes/object-lists.ts';

const toPlurals = (kinds: readonly WatchedKind[]) =>
  join(
    kinds.map(({ plural }) => mask(plural)),
    ' and ',
  );
const kinds = toPlurals([...watchedKinds, ...routers.map(({ watched }) => watched)]);
const kindsOfModes = modes.flatMap(({ name, workloads }) =>
  workloads === undefined ? [] : safe`, and ${toPlurals(workloads.watched)} for models in ${mask(name)} mode`,
);

export interface OpenCluster {
  readonly listLive: ListLive;
  readonly reader: ClusterReader;
}

/** @throws Fault when there is no kubeconfig, or none that can be read. */
export function openCluster(place: ApiPlace): OpenCluster {
  const api = new KubernetesApi(place);
  return {
    reader: createClusterReader(api),
    listLive: async (namespaces, signal) => {
      try {
        return await listLive(api, namespaces, signal);
      } catch (error) {
        if (!(error instanceof ApiTrouble)) throw error;
        const hint =
          error.status === 401 || error.status === 403
            ? safe`this needs permission to list ${kinds}${join(kindsOfModes, '')}; try another --context`
            : safe`check that the cluster is up, or choose another with --kubeconfig or --context`;
        throw new Fault('environment', error.message, hint, { cause: error });
      }
    },
  };
}
