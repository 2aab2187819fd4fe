/** Argo CD: its repo-server, the plugin's cmp-server beside it, and its application controller. */
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { user } from '../image/container.ts';
import { stackFolder } from '../stack/build.ts';
import type { ClusterObject } from './cluster.ts';
import { kubeconfig } from './cluster.ts';
import { image, startInImage } from './own-program.ts';
import { Program } from './program.ts';
import { scratch } from './sandbox.ts';

export const argocdNamespace = 'argocd';

const redisPort = 6379;
const repoServerPort = 8081;
const program = join(stackFolder, 'argocd');
const folder = join(scratch, 'argocd');
const root = join(import.meta.dirname, '../..');
const pluginName = 'model-mirror';

export class ArgoCd {
  readonly redis: Program;
  readonly plugin: Program;
  readonly repoServer: Program;
  readonly controller: Program;

  constructor() {
    for (const name of ['plugins', 'config', 'work', 'gnupg', 'tls', 'ssh', 'bin'])
      mkdirSync(join(folder, name), { recursive: true });
    // It is looked for even where signatures are not.
    const wrapper = join(folder, 'bin/git-verify-wrapper.sh');
    writeFileSync(wrapper, '#!/bin/sh\nexit 0\n');
    chmodSync(wrapper, 0o755);
    this.redis = new Program({
      name: 'redis',
      command: join(stackFolder, 'redis-server'),
      words: ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    });
    this.plugin = typeof image === 'string' ? this.#startPluginOfClone() : startSidecar();
    this.repoServer = this.#start(
      'argocd-repo-server',
      [
        ...['--redis', `localhost:${redisPort}`, '--disable-tls', '--client-ca-path', ''],
        ...['--port', `${repoServerPort}`, '--address', '127.0.0.1', '--metrics-address', '127.0.0.1'],
      ],
      {
        ARGOCD_GPG_ENABLED: 'false',
        ARGOCD_GNUPGHOME: join(folder, 'gnupg'),
        ARGOCD_TLS_DATA_PATH: join(folder, 'tls'),
        ARGOCD_SSH_DATA_PATH: join(folder, 'ssh'),
        // Or it would be left in the machine's own /tmp.
        ARGOCD_ASK_PASS_SOCK: join(folder, 'ask-pass.sock'),
        ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS: '.git/*',
        PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      },
    );
    this.controller = this.#start(
      'argocd-application-controller',
      [
        ...['--kubeconfig', kubeconfig, '--namespace', argocdNamespace, '--redis', `localhost:${redisPort}`],
        ...['--repo-server', `localhost:${repoServerPort}`, '--repo-server-plaintext'],
      ],
      { HOSTNAME: 'controller-0' },
    );
  }

  /** Where the plugin gets what it renders, one folder per run. */
  get checkouts(): string {
    return join(folder, 'work/_cmp_server');
  }

  async untilReady(): Promise<void> {
    await this.plugin.until('the plugin listens', () => existsSync(join(folder, `plugins/${pluginName}.sock`)));
    await this.repoServer.until('the repo-server listens', () => isListening(repoServerPort));
  }

  #startPluginOfClone(): Program {
    // The file that the image has, unchanged.
    cpSync(join(root, 'plugin.yaml'), join(folder, 'config/plugin.yaml'));
    return this.#start('argocd-cmp-server', ['--config-dir-path', join(folder, 'config')], {
      ARGOCD_CMP_WORKDIR: join(folder, 'work'),
    });
  }

  #start(name: string, words: readonly string[], environment: Readonly<Record<string, string>>): Program {
    return new Program({
      name,
      command: program,
      words,
      environment: {
        ARGOCD_BINARY_NAME: name,
        ARGOCD_FAKE_IN_CLUSTER: 'true',
        ARGOCD_PLUGINSOCKFILEPATH: join(folder, 'plugins'),
        KUBECONFIG: kubeconfig,
        ...environment,
      },
      folder,
    });
  }
}

/** As `plugin/install/sidecar` has it: Argo CD's program, the folder of its socket, and a /tmp of its own. */
function startSidecar(): Program {
  const [plugins, work] = [join(folder, 'plugins'), join(folder, 'work')];
  chownSync(plugins, user, user);
  chmodSync(work, 0o1777);
  return startInImage('argocd-cmp-server', ['/var/run/argocd/argocd-cmp-server'], {
    mounts: [
      { from: program, to: '/run/argocd/argocd-cmp-server' },
      { from: plugins, to: '/home/argocd/cmp-server/plugins', isWritable: true },
      { from: work, to: '/tmp', isWritable: true },
    ],
  });
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

/** What Argo CD's own installation would have. */
export function toArgoCdObjects(): ClusterObject[] {
  const labels = (name: string) => ({ 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'argocd' });
  const named = (kind: string, name: string): ClusterObject => ({
    ...{ apiVersion: 'v1', kind, metadata: { name, namespace: argocdNamespace, labels: labels(name) } },
  });
  return [
    named('ConfigMap', 'argocd-cm'),
    named('ConfigMap', 'argocd-rbac-cm'),
    named('Secret', 'argocd-secret'),
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default', namespace: argocdNamespace },
      spec: {
        sourceRepos: ['*'],
        destinations: [{ namespace: '*', server: '*' }],
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    },
  ];
}

export interface ApplicationOptions {
  readonly name: string;
  readonly repository: string;
  readonly path: string;
  /** Where models that name no namespace go. */
  readonly namespace: string;
  readonly isServerSideDiff?: boolean;
  /** Default: main. */
  readonly branch?: string;
}

/** As the README says that an Application should be. */
export function toApplication(options: ApplicationOptions): ClusterObject {
  const { name, repository, path, namespace, isServerSideDiff = false, branch = 'main' } = options;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name,
      namespace: argocdNamespace,
      finalizers: ['resources-finalizer.argocd.argoproj.io/background'],
      annotations: {
        'argocd.argoproj.io/manifest-generate-paths': '.',
        ...(isServerSideDiff ? { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' } : {}),
      },
    },
    spec: {
      project: 'default',
      source: {
        repoURL: repository,
        path,
        targetRevision: branch,
        plugin: { name: pluginName },
      },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        // There is no controller-manager to end a foreground deletion.
        syncOptions: ['PrunePropagationPolicy=background'],
        retry: { limit: -1, refresh: true, backoff: { duration: '1s', factor: 2, maxDuration: '10s' } },
      },
    },
  };
}
