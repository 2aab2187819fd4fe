/** The watcher as its installation runs it: with the rights of `plugin/chart` and no others. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderRefreshingWatcher } from '../install/installations.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import { Program } from './program.ts';
import { scratch } from './sandbox.ts';

const program = '/opt/model-mirror/dist/model-mirror.cjs';
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
}

export const watcherPort = 8090;

/**
 * @param repository its address.
 * @param another beside the first one.
 */
export function startWatcher(repository: string, another = { name: 'watcher', port: watcherPort }): Program {
  return new Program({
    name: another.name,
    command: process.execPath,
    words: [
      ...[program, 'watch', '--repo', repository, '--kubeconfig', kubeconfig],
      ...['--listen', `127.0.0.1:${another.port}`, '--log', 'text', '--page'],
      '--argocd-refresh',
    ],
  });
}
