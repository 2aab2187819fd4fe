/** The real comparer in the demo's process: only the addresses of model servers are not those of a cluster. */
import type { Call } from '../../core/ports/compare.ts';
import { toLoopback } from '../../demo/fakes/data-plane/ends.ts';
import type { DemoComparer } from '../../demo/traffic.ts';
import { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import { serveComparer } from '../compare/serve.ts';

export async function startComparer(kubeconfig: string, redirect: (call: Call) => Call): Promise<DemoComparer> {
  const api = new KubernetesApi({ kubeconfig, context: undefined });
  const silent = () => {};
  return serveComparer(
    {
      intake: '127.0.0.1:0',
      listen: '127.0.0.1:0',
      namespaces: undefined,
      watchSeconds: 30,
      comparer: {
        replica: 'demo',
        deadlineMs: 10_000,
        budget: { calls: 256, bytes: 1 << 25 },
        maxSize: 1 << 22,
      },
    },
    {
      api,
      lookup: toLoopback,
      redirect,
      log: { info: silent, warn: silent, error: silent },
      version: 'demo',
    },
  );
}
