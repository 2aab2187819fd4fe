/**
 * The whole loop in Standard mode: commits, Argo CD with the real plugin, KServe and its Deployments as fakes, and the real
 * watcher. What a version's pods do is in its name: `v3-crashes`.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { mapsAt, valueAt } from '../../src/core/input/plain-value.ts';
import type { ModelStatus } from '../../src/core/input/schema.ts';
import { digestAnnotation } from '../../src/core/manifests/manifest.ts';
import { routers } from '../../src/core/routing/routers.ts';
import { demoModes } from '../../src/demo/demo-modes.ts';
import { git, readTip } from '../../src/demo/fakes/git.ts';
import type { StandardOptions } from '../../src/demo/fakes/kserve-standard/fake.ts';
import { FakeKServeStandard } from '../../src/demo/fakes/kserve-standard/fake.ts';
import { fates, isReadyPod } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { modelFolder } from '../../src/demo/scenario.ts';
import type { Stage } from '../../src/demo/stage.ts';
import { play, setUp } from '../../src/demo/stage.ts';
import { program, until } from './watch-scene.ts';

const { namespace } = demoModes.standard;
const [primary, candidate] = ['wisdom-0', 'wisdom-1'];
const ownerLabel = 'serving.kserve.io/inferenceservice';

type Status = ModelStatus['status'];

export class StandardLoop {
  readonly stage: Stage;
  readonly kserve: FakeKServeStandard;
  /** Mirrors that opened to something else than pods of this spec, all of them ready. */
  readonly wrongOpenings: string[] = [];
  /** How often the primary had no ready pod, once it had one. */
  primaryOutages = 0;
  #shown: { readonly tip: string; readonly status: Status | undefined } = { tip: '', status: undefined };

  private constructor(stage: Stage, kserve: FakeKServeStandard) {
    this.stage = stage;
    this.kserve = kserve;
    const { cluster } = stage;
    const apply = cluster.apply.bind(cluster);
    cluster.apply = (written, manager) => {
      const wasOpen = this.share > 0;
      const applied = apply(written, manager);
      if (!wasOpen && this.share > 0) this.wrongOpenings.push(...findOpeningFault(cluster));
      return applied;
    };
    let hadPod = false;
    const turn = kserve.turn.bind(kserve);
    kserve.turn = () => {
      turn();
      const isServed = findReadyPods(cluster, primary).length > 0;
      if (hadPod && !isServed && this.#isDeployed) this.primaryOutages++;
      hadPod = isServed;
    };
  }

  /** Everything ends with the test. */
  static async start(t: ExecutionContext, options: Partial<StandardOptions> = {}): Promise<StandardLoop> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-test-')));
    const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
    t.teardown(async () => {
      for (const end of ends.toReversed()) await end();
    });
    const toFate = (storageUri: string) => fates.find((fate) => storageUri.includes(fate));
    let kserve: FakeKServeStandard | undefined;
    const start = (cluster: FakeKubernetes, loadMs: number) => {
      kserve = new FakeKServeStandard(cluster, { loadMs, toFate, ...options });
      const nothing = () => {};
      const { findServed } = kserve;
      return {
        fall: nothing,
        recover: nothing,
        pause: nothing,
        resume: nothing,
        findServed,
        stop: () => kserve?.stop(),
      };
    };
    const stage = await setUp(folder, [process.execPath, program], { ...demoModes.standard, start }, ends);
    if (kserve === undefined) throw new Error('the stage has started no KServe');
    return new StandardLoop(stage, kserve);
  }

  /** A person's commit. */
  async declare(primaryVersion: string, candidateVersion?: string, mirrorPercentage?: number): Promise<void> {
    const model = { primary: primaryVersion, candidate: candidateVersion };
    const does = {
      kind: 'commit',
      message: `${primaryVersion}, ${candidateVersion}`,
      model,
      mirrorPercentage,
    } as const;
    await play({ title: '', why: '', does, until: undefined }, this.stage);
  }

  setCandidateFate(fate: Parameters<FakeKServeStandard['setFate']>[2]): void {
    this.kserve.setFate(namespace, candidate, fate);
  }

  /** All annotations of the live candidate that come from elsewhere than git. */
  annotateCandidate(annotations: Readonly<Record<string, string>>): void {
    const metadata = { namespace, name: candidate, annotations };
    this.stage.cluster.apply(
      { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata },
      'kubectl-edit',
    );
  }

  /** In percent, as the cluster has it. */
  get share(): number {
    const route = this.stage.cluster.get('virtualservices', namespace, 'wisdom');
    return routers[0].read([route]).requests?.mirror?.percentage ?? 0;
  }

  /** KServe's own words about the candidate. */
  get said(): string {
    const { status } = this.stage.cluster.get('inferenceservices', namespace, candidate) ?? {};
    const ready = mapsAt(status, ['conditions']).find(({ type }) => type === 'Ready')?.['status'];
    return `${ready} ${valueAt(status, ['modelStatus', 'transitionStatus'])}`;
  }

  /** Waits until KServe says `True UpToDate` or the like. */
  async untilSaid(words: string): Promise<void> {
    await until(`KServe says ${words}`, () => this.said === words);
  }

  /** Undefined: there is none. */
  get candidateUid(): string | undefined {
    return this.stage.cluster.get('inferenceservices', namespace, candidate)?.metadata.uid;
  }

  get candidateDeployment(): unknown {
    return this.stage.cluster.get('deployments', namespace, `${candidate}-predictor`);
  }

  /** Of the tip; git is asked again when the branch has moved. */
  async status(): Promise<Status | undefined> {
    const tip = readTip(this.stage.bare, 'main');
    if (tip !== this.#shown.tip) this.#shown = { tip, status: await this.#readStatus(tip) };
    return this.#shown.status;
  }

  async #readStatus(commit: string): Promise<Status | undefined> {
    const path = `${modelFolder}/status.yaml`;
    const there = await git(this.stage.bare, ['ls-tree', '--name-only', commit, path]);
    if (there === '') return undefined;
    return parseStatus({ path, text: await git(this.stage.bare, ['show', `${commit}:${path}`]) }).value?.status;
  }

  /** Waits for `v2 Ready` or `v2 Failed CrashLoopBackOff` of the candidate, or of the primary. */
  async untilState(words: string, of: 'primary' | 'candidate' = 'candidate'): Promise<void> {
    let found = '';
    try {
      await until(words, async () => {
        const status = await this.status();
        const version = of === 'primary' ? status?.primary : status?.candidates[0];
        found = [version?.version, version?.state, version?.reason].filter((word) => word !== undefined).join(' ');
        return found === words;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}: it is ${found}\n${this.stage.watcher.output()}`);
    }
  }

  async untilShare(percentage: number): Promise<void> {
    await until(`${percentage} % are mirrored`, () => this.share === percentage);
  }

  /** The subjects of the watcher's commits, the oldest first. */
  async commits(): Promise<string[]> {
    const log = await git(this.stage.bare, ['log', '--reverse', '--author=watcher', '--format=%s', 'main']);
    return log.trimEnd().split('\n');
  }

  get #isDeployed(): boolean {
    return this.stage.cluster.get('inferenceservices', namespace, primary) !== undefined;
  }
}

function findReadyPods(cluster: FakeKubernetes, service: string) {
  const isOf = (labels: Readonly<Record<string, string>> = {}) => labels[ownerLabel] === service;
  return cluster.list('pods').filter(({ metadata, status }) => isOf(metadata.labels) && isReadyPod(status));
}

/** By the pods alone, whatever any status says. */
function findOpeningFault(cluster: FakeKubernetes): string[] {
  const digest = cluster.get('inferenceservices', namespace, candidate)?.metadata.annotations?.[digestAnnotation];
  const digests = findReadyPods(cluster, candidate).map(({ metadata }) => metadata.annotations?.[digestAnnotation]);
  const isRight = digests.length > 0 && digests.every((one) => one !== undefined && one === digest);
  return isRight ? [] : [`it opened to pods of ${digests.join(', ') || 'nothing'}, not of ${digest}`];
}
