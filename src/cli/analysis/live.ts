/** The watcher that `--live` and `--watcher` name. */
import type { WatcherPages, WatcherPlace } from '../../core/ports/watcher-pages.ts';
import type { ApiPlace } from '../../io/kubernetes/kubernetes-api.ts';
import { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import { openPagesAt } from '../../io/watcher/pages-at-address.ts';
import { openPagesOf } from '../../io/watcher/pages-of-service.ts';

/** @throws Fault when there is no kubeconfig, or none that can be read. */
export function openPages(
  place: WatcherPlace,
  api: ApiPlace = { kubeconfig: undefined, context: undefined },
): WatcherPages {
  return place.code === 'address' ? openPagesAt(place.address) : openPagesOf(place, new KubernetesApi(api));
}
