/** The watcher as its installation runs it: with the rights of `plugin/chart` and no others. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { user } from '../image/container.ts';
import { renderRefreshingWatcher } from '../install/installations.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import { startOwn } from './own-program.ts';
import type { Program } from './program.ts';
import { scratch } from './sandbox.ts';

const account = { namespace: 'model-mirror', name: 'model-mirror-watcher' };
const folder = join(scratch, 'watcher');
const kubeconfig = join(folder, 'kubeconfig.json');

/** As the chart has them: the account and its rights, without what takes nodes. */
export function toWatcherObjects(): ClusterObject[] {
  return renderRefreshingWatcher().filter(({ kind }) =>
    /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind),
  );
}

export async function writeWatcherKubeconfig(cluster: Cluster): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const admin = JSON.parse(cluster.api.kubeconfig()) as { users: { user: { token: string } }[] };
  const token = await cluster.createToken(account.namespace, account.name);
  writeFileSync(kubeconfig, JSON.stringify({ ...admin, users: [{ name: 'admin', user: { token } }] }), { mode: 0o600 });
  chownSync(kubeconfig, user, user);
}

export const watcherPort = 8090;

/** Until it follows git and the cluster. */
export function untilWatcherIsReady(watcher: Program, port = watcherPort): Promise<void> {
  return watcher.until(`${watcher.name} is ready`, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
}

/**
 * @param repository its address.
 * @param another beside the first one, or in its place.
 * @param words of its own.
 */
export function startWatcher(
  repository: string,
  another = { name: 'watcher', port: watcherPort },
  words: readonly string[] = [],
): Program {
  return startOwn({
    name: another.name,
    files: [kubeconfig],
    words: [
      ...['watch', '--repo', repository, '--kubeconfig', kubeconfig],
      ...['--listen', `127.0.0.1:${another.port}`, '--log', 'text', '--page'],
      '--argocd-refresh',
      ...words,
    ],
  });
}
