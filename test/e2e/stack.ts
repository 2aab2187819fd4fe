/** All parts of the real stack, started together. */
import { join } from 'node:path';
import type { GitServer } from '../../src/demo/fakes/git-server.ts';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';
import { toKServeDefaults } from './admission.ts';
import type { ApplicationOptions } from './argocd.ts';
import { ArgoCd, argocdNamespace, toApplication, toArgoCdObjects } from './argocd.ts';
import type { ClusterObject } from './cluster.ts';
import { applications, Cluster, kubeconfig } from './cluster.ts';
import { Envoy } from './envoy.ts';
import { isIstiodReady, readMeshRoot, startIstiod, toMeshObjects } from './mesh.ts';
import { mirrorPod, toMirrorGatewayObjects } from './mirror-gateway.ts';
import { ModelMeshControl } from './modelmesh-control.ts';
import { Models } from './models.ts';
import { makeBridge } from './network.ts';
import type { Pod } from './pods.ts';
import {
  clientNamespace,
  clientPod,
  ingressPod,
  modelMeshPod,
  modelNamespace,
  systemNamespace,
  toPodObjects,
} from './pods.ts';
import { Program, until } from './program.ts';
import { Repository } from './repository.ts';
import { Standard } from './standard.ts';
import { startWatcher, toWatcherObjects, untilWatcherIsReady, writeWatcherKubeconfig } from './watcher.ts';

const controlPort = 8099;
const modelMeshProgram = join(import.meta.dirname, 'modelmesh-process.ts');
const refresh = 'argocd.argoproj.io/refresh';

type Shared = 'cluster' | 'git' | 'repository' | 'istiod' | 'argocd' | 'modelmesh';
type Parts = Pick<Stack, Shared> & { readonly root: string; readonly envoys: readonly [Envoy, Envoy, Envoy, Envoy] };

export class Stack {
  readonly cluster: Cluster;
  readonly git: GitServer;
  readonly repository: Repository;
  readonly istiod: Program;
  readonly ingress: Envoy;
  readonly mirror: Envoy;
  readonly client: Envoy;
  readonly argocd: ArgoCd;
  readonly modelmesh: ModelMeshControl;
  readonly models: Models;
  readonly watcher: Program;
  /** PEM: of the mesh's certificate authority. */
  readonly #root: string;
  #standard: Promise<Standard> | undefined;

  private constructor(parts: Parts) {
    this.cluster = parts.cluster;
    this.modelmesh = parts.modelmesh;
    this.models = new Models(parts.cluster, parts.modelmesh);
    this.git = parts.git;
    this.repository = parts.repository;
    this.istiod = parts.istiod;
    this.argocd = parts.argocd;
    this.#root = parts.root;
    [this.ingress, this.mirror, this.client] = parts.envoys;
    this.watcher = startWatcher(this.repository.url);
  }

  static async start(): Promise<Stack> {
    makeBridge();
    const [cluster, git] = await Promise.all([Cluster.start(), startGitServer()]);
    const repository = await Repository.create(git, 'models.git');
    await cluster.apply(
      ...['argocd', systemNamespace, modelNamespace, clientNamespace].map(toNamespace),
      ...toArgoCdObjects(),
      ...(toKServeDefaults() as unknown as ClusterObject[]),
      ...toWatcherObjects(),
    );
    await writeWatcherKubeconfig(cluster);
    const argocd = new ArgoCd();
    await cluster.apply(...toMeshObjects());
    await cluster.apply(...toMirrorGatewayObjects());
    const istiod = startIstiod(kubeconfig);
    const root = await readMeshRoot(cluster);
    await istiod.until('istiod is ready', isIstiodReady);
    const start = (pod: Pod, open: readonly number[] = []) => Envoy.start({ pod, cluster, root, open });
    const envoys = await Promise.all([
      start(ingressPod),
      start(mirrorPod),
      start(clientPod),
      start(modelMeshPod, [controlPort]),
    ]);
    const modelmesh = await startModelMesh();
    const stack = new Stack({ cluster, git, repository, istiod, argocd, modelmesh, envoys, root });
    await Promise.all([
      argocd.untilReady(),
      ...envoys.map((envoy) => envoy.untilReady()),
      untilWatcherIsReady(stack.watcher),
    ]);
    return stack;
  }

  /** A Pod of the mesh that only some cases need. */
  async addPod(pod: Pod): Promise<Envoy> {
    const { cluster } = this;
    await cluster.apply(...toPodObjects(pod));
    const envoy = await Envoy.start({ pod, cluster, root: this.#root });
    await envoy.untilReady();
    return envoy;
  }

  /** KServe in Standard mode, from the first time that a case asks for it. */
  standard(): Promise<Standard> {
    this.#standard ??= Standard.start({ cluster: this.cluster, root: this.#root });
    return this.#standard;
  }

  async addApplication(
    options: Partial<ApplicationOptions> & Pick<ApplicationOptions, 'name' | 'path'>,
  ): Promise<void> {
    await this.cluster.apply(toApplication({ repository: this.repository.url, namespace: modelNamespace, ...options }));
  }

  /**
   * With all that they made, and waits until both are gone. Their folders must still be in git: Argo CD deletes
   * no Application with a sync under way, and one that has lost its folder is tried for ever.
   */
  async removeApplications(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.cluster.remove(applications, argocdNamespace, name);
    for (const name of names) {
      await until(`the Application ${name} is gone`, async () => (await this.findApplication(name)) === undefined);
    }
  }

  /** Argo CD leaves alone what is in the cluster. */
  async holdApplication(name: string): Promise<void> {
    await this.cluster.patch(applications, argocdNamespace, name, { spec: { syncPolicy: { automated: null } } });
  }

  async setServerSideDiff(name: string, isOn: boolean): Promise<void> {
    const annotations = { 'argocd.argoproj.io/compare-options': isOn ? 'ServerSideDiff=true' : null };
    await this.cluster.patch(applications, argocdNamespace, name, { metadata: { annotations } });
  }

  findApplication(name: string): Promise<ClusterObject | undefined> {
    return this.cluster.find(applications, argocdNamespace, name);
  }

  /**
   * As a webhook would: Argo CD looks at git now. One that comes while a refresh is under way is lost, so
   * that is waited for. @returns when it was asked.
   */
  async refresh(name: string): Promise<number> {
    const isFree = async () => (await this.findApplication(name))?.metadata.annotations?.[refresh] === undefined;
    // One that Argo CD has overlooked is taken back: it would look only when it polls.
    await until('no refresh is under way', isFree, 15_000).catch(() =>
      this.cluster.patch(applications, argocdNamespace, name, { metadata: { annotations: { [refresh]: null } } }),
    );
    const at = Date.now();
    await this.cluster.patch(applications, argocdNamespace, name, {
      metadata: { annotations: { [refresh]: 'normal' } },
    });
    return at;
  }

  /** What the parts last said, for whoever looks for the cause of trouble. */
  async explain(): Promise<void> {
    const { controller, repoServer, plugin } = this.argocd;
    for (const program of [this.watcher, controller, repoServer, plugin, this.istiod])
      process.stdout.write(`\n${program.name}:\n${program.tail(6)}\n`);
  }

  /** Nothing of a case that failed is in the way of the next. */
  async wipe(): Promise<void> {
    const names = (await this.cluster.list(applications, argocdNamespace)).map(({ metadata }) => metadata.name);
    for (const name of names) await this.refresh(name);
    await Promise.allSettled(names.map((name) => this.removeApplications(name)));
    await this.repository.change('clean up', () => this.repository.empty());
  }

  async close(): Promise<void> {
    await this.watcher.stop();
    await this.git.close();
    await this.cluster.close();
  }
}

async function startModelMesh(): Promise<ModelMeshControl> {
  const { name, address } = modelMeshPod;
  const control = `${address}:${controlPort}`;
  const program = new Program({
    name: 'modelmesh',
    command: 'ip',
    words: [
      ...['netns', 'exec', name, process.execPath, modelMeshProgram],
      // `grpcMaxMessageSizeBytes`: cases send bodies above 16 MiB.
      ...[
        '--listen',
        `${address}:8033`,
        '--rest',
        `${address}:8008`,
        '--control',
        control,
        '--max-message',
        `${32 << 20}`,
      ],
    ],
  });
  await program.until('the fake of ModelMesh listens', () => program.tail().includes(control));
  return new ModelMeshControl(control);
}

function toNamespace(name: string): ClusterObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
