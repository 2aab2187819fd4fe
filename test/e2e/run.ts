/**
 * The cases on the real stack: `npm run test:e2e [-- CASE...] [--report FILE] [--logs FOLDER]`; without
 * numbers all but those that take minutes, of which MODEL_MIRROR_THOROUGH has most run as well. With `--image` there must be the
 * image (`npm run test:image`) to run the plugin, the watcher and the comparer from; without it, they run from it where it is there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stackFolder } from '../stack/build.ts';
import { argoCdAsUserInterface } from './cases/argocd-interface.ts';
import { brake } from './cases/brake.ts';
import { deployBranch } from './cases/deploy-branch.ts';
import { doctor } from './cases/doctor.ts';
import { fairness } from './cases/fairness.ts';
import { faultsUnderLoad } from './cases/faults.ts';
import { gate } from './cases/gate.ts';
import { headers } from './cases/headers.ts';
import { isolation } from './cases/isolation.ts';
import { iter8 } from './cases/iter8.ts';
import { lostCopies } from './cases/lost-copies.ts';
import { modelMeshAnalysis } from './cases/modelmesh-analysis.ts';
import { modelMeshRest } from './cases/modelmesh-rest.ts';
import { plainMesh } from './cases/plain.ts';
import { privacy } from './cases/privacy.ts';
import { reconfiguration } from './cases/reconfiguration.ts';
import { annotationChanged, clusterRestarted, controllerAway, noRuntimePod } from './cases/safety.ts';
import { shares } from './cases/shares.ts';
import { stalledPod } from './cases/stall.ts';
import { standardAnalysis } from './cases/standard-analysis.ts';
import { standardAnalysisFaults } from './cases/standard-analysis-faults.ts';
import { standardAnalysisServers } from './cases/standard-analysis-servers.ts';
import { standardAround } from './cases/standard-around.ts';
import { standardBrake } from './cases/standard-brake.ts';
import { standardComparer } from './cases/standard-comparer.ts';
import { standardIsolation } from './cases/standard-isolation.ts';
import { standardPromotions } from './cases/standard-promotions.ts';
import { standardShares } from './cases/standard-shares.ts';
import { standardTutorial } from './cases/standard-tutorial.ts';
import { times } from './cases/times.ts';
import { tutorial } from './cases/tutorial.ts';
import { tutorialPage } from './cases/tutorial-page.ts';
import { upgrade } from './cases/upgrade.ts';
import { findStrangers, image } from './own-program.ts';
import { logs } from './program.ts';
import { Report } from './report.ts';
import { furnish, isInSandbox, runInSandbox } from './sandbox.ts';
import { Scene } from './scene.ts';
import { stopTraffic } from './traffic.ts';
import { isThorough } from './trials.ts';

interface Case {
  readonly title: string;
  readonly run: (scene: Scene) => Promise<void>;
}

const cases: Readonly<Record<string, Case>> = {
  1: { title: 'The tutorial', run: tutorial },
  2: { title: 'Shares', run: shares },
  3: { title: 'The brake', run: brake },
  4: { title: 'The gate', run: gate },
  5: { title: 'Faults under load', run: faultsUnderLoad },
  6: { title: 'Headers', run: headers },
  7: { title: 'Iter8’s mirror: this harness can fail', run: iter8 },
  8: { title: 'Argo CD as user interface', run: argoCdAsUserInterface },
  9: { title: 'Reconfiguration under 40,000 calls', run: reconfiguration },
  10: { title: 'Times', run: times },
  11: { title: 'The tutorial’s page', run: tutorialPage },
  12: { title: 'Another spec without a runtime Pod', run: noRuntimePod },
  13: { title: 'Another annotation that a model is loaded by', run: annotationChanged },
  14: { title: 'A controller that is away', run: controllerAway },
  15: { title: 'A cluster that restarts', run: clusterRestarted },
  16: { title: 'A candidate that stalls its Pod', run: stalledPod },
  17: { title: 'Privacy', run: privacy },
  18: { title: 'Isolation', run: isolation },
  19: { title: 'A mesh without certificates', run: plainMesh },
  20: { title: 'Fairness', run: fairness },
  21: { title: 'Copies that are lost show', run: lostCopies },
  22: { title: 'Doctor', run: doctor },
  23: { title: 'Upgrading from Istio’s egress gateway', run: upgrade },
  25: { title: 'Standard mode: the tutorial', run: standardTutorial },
  26: { title: 'Standard mode: shares', run: standardShares },
  27: { title: 'Standard mode: what never opens', run: standardBrake },
  28: { title: 'Standard mode: isolation', run: standardIsolation },
  29: { title: 'Standard mode: headless Services, names, a logger and a transformer', run: standardAround },
  30: { title: 'ModelMesh: REST beside gRPC', run: modelMeshRest },
  31: { title: 'Standard mode: promotions', run: standardPromotions },
  33: { title: 'Standard mode: candidates that are judged', run: standardAnalysis },
  34: { title: 'Standard mode: candidates on real model servers that are judged', run: standardAnalysisServers },
  35: { title: 'Standard mode: isolation from the comparer', run: standardComparer },
  36: { title: 'Standard mode: faults of the parts that judge', run: standardAnalysisFaults },
  37: { title: 'ModelMesh: candidates that are judged', run: modelMeshAnalysis },
  38: { title: 'A deploy branch', run: deployBranch },
};
/** Minutes each: it waits for Argo CD to poll git. */
const onRequest = ['10'];
/** They wait for whole minutes to be over for every clock; case 33 has the most important ones of them. */
const onlyThorough = ['34', '36', '37'];

/**
 * CI runs `first` and `second` side by side, each with a stack of its own: most cases wait most of the time. They are chosen
 * to take about as long. `quiet` has those that measure latencies, and comes after both.
 */
const lanes: Readonly<Record<string, (id: string) => boolean>> = {
  quiet: (id) => measuring.includes(id),
  second: (id) => !measuring.includes(id) && besides.includes(id),
  first: (id) => !measuring.includes(id) && !besides.includes(id),
};
const measuring = ['18', '28', '35'];
const besides = ['17', '19', '22', '25', '26', '27', '29', '31', '33', '34', '36', '38'];

if (isInSandbox()) await main();
else process.exitCode = await runInSandbox(import.meta.filename);

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { lane: text, report: text, logs: text, image: { type: 'boolean', default: false } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const unknown = positionals.filter((id) => !(id in cases));
  if (unknown.length > 0) {
    process.stderr.write(`there is no case ${unknown.join(', ')}: they are ${Object.keys(cases).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const isOfLane = values.lane === undefined ? () => true : lanes[values.lane];
  if (isOfLane === undefined) {
    process.stderr.write(`there is no lane ${values.lane}: they are ${Object.keys(lanes).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const leftOut = isThorough ? onRequest : [...onRequest, ...onlyThorough];
  const usual = Object.keys(cases).filter((id) => !leftOut.includes(id));
  const chosen = (positionals.length > 0 ? positionals : usual).filter(isOfLane);
  furnish();
  // The first process of its namespace gets no signal that it does not listen to.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  // What comes along with the stack is only there once the sandbox is.
  const { Stack } = await import('./stack.ts');
  if (typeof image === 'string') {
    process.stderr.write(`the parts of ours run from the clone, as ${image}\n`);
    if (values.image) process.exit(3);
  }
  const report = new Report();
  const started = performance.now();
  const stack = await Stack.start();
  process.stdout.write(`the stack took ${toSeconds(started)} s to start\n`);
  for (const id of chosen) {
    const { title, run } = cases[id] as Case;
    report.begin(`${id}. ${title}`);
    try {
      await run(new Scene(stack, report));
    } catch (error) {
      report.check('the case comes to its end', [(error as Error).stack ?? String(error)]);
      await stopTraffic();
      await stack.explain();
      await stack.wipe();
    }
    for (const [name, troubles] of findStrangers())
      report.check(`${name} runs in the image: user 999, read-only, no capabilities`, troubles);
    report.end();
  }
  await stack.close();
  if (values.logs !== undefined) cpSync(logs, resolve(values.logs), { recursive: true });
  const { passes, failures } = report;
  if (values.report !== undefined) report.write(resolve(values.report), toPreface(chosen, passes, failures));
  process.stdout.write(`\n${passes} passed, ${failures} failed\n`);
  // All that is left ends with this process.
  process.exit(failures === 0 && passes > 0 ? 0 : 1);
}

function toSeconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}

/** What ran, in which versions. */
function toPreface(chosen: readonly string[], passes: number, failures: number): string[] {
  return [
    '# Evidence: the loop on real parts',
    `\`npm run test:e2e -- ${chosen.join(' ')} --report docs/evidence.md\`: ${passes} checks passed, ${failures} failed.`,
    toVersions()
      .map(([part, version]) => `- ${part}: ${version}`)
      .join('\n'),
    'Cases 1 to 23, 30, 37 and 38 are ModelMesh mode’s, with fakes of two parts: **ModelMesh** (a gRPC server of the KServe V2 protocol that routes, answers and counts calls as recordings of the real one show, with rest-proxy’s paths before it) and **its controller** (writes the statuses of InferenceServices that the real one was seen to write, and no others; the defaults of KServe’s webhook come from a real MutatingAdmissionPolicy). The others are Standard mode’s, on KServe’s real manager and webhooks and the controllers of Kubernetes; a **kubelet** of a few hundred lines runs each container’s program in the network of its Pod: KServe’s own server and MLServer in the tutorial (case 25), KServe’s agent and a transformer on its SDK in case 29, MLServer, KServe’s server and a model on its SDK in cases 33 and 34, a **fake server** where a case needs one that starts at once, or one that misbehaves on demand. Cases 33 to 37 have the comparer of `plugin/chart`, one replica of it or two, with its rights and its sidecar; it reaches the API server through a forwarder. A hosts file takes the place of DNS for Pods, the comparer and the watcher. There is no object storage: a folder is mounted. All else is real: git over HTTP, Argo CD with the plugin, kube-apiserver with RBAC, istiod, the mirror gateway of `plugin/chart`, Envoys behind Istio’s pilot-agent at both gateways, a client, ModelMesh and each Pod, with certificates of istiod in a STRICT mesh, and the watcher with the rights of `plugin/chart`.',
    'Not covered: Istio’s own proxy image and its filters (ALPN, metadata exchange, statistics such as `istio_requests_total`), its injector and webhooks, certificates that are rotated, several trust domains or clusters, ambient mode, the Gateway API, real ModelMesh with sidecars, autoscalers, nodes and GPUs.',
    `The plugin, the watcher and the comparer run ${typeof image === 'string' ? 'from the clone' : 'in the root file system of the image of `plugin/Dockerfile`, read-only, as user 999 without capabilities'}.`,
    `All parts share ${cpus().length} cores; times are those of such a machine.`,
  ];
}

/** As the component's requirements pin it. */
function packageVersion(component: string, name: string): string {
  const requirements = readFileSync(join(import.meta.dirname, '../stack', component, 'requirements.txt'), 'utf8');
  return new RegExp(`^${name}==(\\S+)`, 'm').exec(requirements)?.[1] ?? '';
}

function toVersions(): [string, string][] {
  const first = (...command: string[]) => {
    const [program = '', ...words] = command;
    return execFileSync(join(stackFolder, program), words, { encoding: 'utf8' }).trim().split('\n')[0] ?? '';
  };
  const module = (name: string) => {
    const text = execFileSync('go', ['version', '-m', join(stackFolder, name)], { encoding: 'utf8' });
    return (
      /^\tdep\t\S*(?:argo-cd\/v3|istio\.io\/istio|kserve\/kserve)\t(\S+)/m.exec(text)?.[1] ??
      /^\tmod\t\S+\t(\S+)/m.exec(text)?.[1] ??
      ''
    );
  };
  return [
    ['kube-apiserver', first('kube-apiserver', '--version')],
    ['etcd', first('etcd', '--version')],
    ['Argo CD', module('argocd')],
    ['istiod and pilot-agent', module('istiod')],
    ['kube-controller-manager', first('kube-controller-manager', '--version')],
    ['KServe', module('kserve-manager')],
    ['MLServer', packageVersion('mlserver', 'mlserver')],
    ['KServe’s Python server', packageVersion('kserve-server', 'kserve')],
    ['Envoy', /\/(\d+\.\d+\.\d+)\//.exec(first('envoy', '--version'))?.[1] ?? ''],
    ['git', execFileSync('git', ['--version'], { encoding: 'utf8' }).trim()],
    ['Node', process.version],
  ];
}
