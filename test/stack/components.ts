/** What the real stack is made of, and where it comes from. */

/** A Go program, from a go.mod of its own in a folder of the program's name. */
export interface GoComponent {
  readonly kind: 'go';
  readonly name: string;
  readonly package: string;
  /** What the linker sets (`-X`), by the variable's name. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Whether parts of it are written in C. */
  readonly cgo?: true;
  /** What else the stack needs of the module's sources: files, and folders of them. */
  readonly sources?: { readonly module: string; readonly paths: readonly string[] };
}

/** A program out of a Python wheel, which a requirements.txt in a folder of the program's name pins. */
export interface WheelComponent {
  readonly kind: 'wheel';
  readonly name: string;
  /** Within the wheel. */
  readonly path: string;
}

/**
 * Python packages in a folder of their own, which a requirements.txt in a folder of the component's name pins. Its hashes
 * are those of the wheels for Python 3.11 on Linux and x86-64.
 */
export interface PythonComponent {
  readonly kind: 'python';
  readonly name: string;
  /** Packages that a Go module, `PATH@VERSION`, has the sources of: folders in it. */
  readonly sources?: { readonly module: string; readonly paths: readonly string[] };
}

/** A program out of a Debian package, which is unpacked and not installed: nothing of it starts. */
export interface PackageComponent {
  readonly kind: 'package';
  readonly name: string;
  readonly debianPackage: string;
  /** Within the package. */
  readonly path: string;
}

/** A program of the machine. */
export interface SystemComponent {
  readonly kind: 'system';
  readonly name: string;
  readonly debianPackage: string;
}

export type Component = GoComponent | WheelComponent | PythonComponent | PackageComponent | SystemComponent;

const version = 'k8s.io/component-base/version';
/** They would take themselves for version 0.0 and refuse to work with their own features. */
const kubernetes = {
  [`${version}.gitVersion`]: 'v1.36.1',
  [`${version}.gitMajor`]: '1',
  [`${version}.gitMinor`]: '36',
};
const argocd = 'github.com/argoproj/argo-cd/v3';
const kserve = 'github.com/kserve/kserve';

export const components: readonly Component[] = [
  {
    kind: 'go',
    name: 'kube-apiserver',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    variables: kubernetes,
  },
  {
    kind: 'go',
    name: 'kube-controller-manager',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    variables: kubernetes,
  },
  {
    kind: 'go',
    name: 'kserve-manager',
    package: `${kserve}/cmd/manager`,
    sources: { module: kserve, paths: ['config'] },
  },
  { kind: 'go', name: 'kserve-agent', package: `${kserve}/cmd/agent` },
  { kind: 'system', name: 'etcd', debianPackage: 'etcd-server' },
  { kind: 'go', name: 'kustomize', package: 'sigs.k8s.io/kustomize/kustomize/v5' },
  {
    kind: 'go',
    name: 'helm',
    package: 'helm.sh/helm/v3/cmd/helm',
    // Otherwise it takes itself for 3.0 with the last minor version, and Kubernetes for 1.20.
    variables: {
      'helm.sh/helm/v3/internal/version.version': 'v3.22.0',
      'helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor': '1',
      'helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor': '36',
    },
  },
  {
    kind: 'go',
    name: 'istiod',
    package: 'istio.io/istio/pilot/cmd/pilot-discovery',
    sources: { module: 'istio.io/istio', paths: ['manifests/charts/base/files/crd-all.gen.yaml'] },
  },
  {
    kind: 'go',
    name: 'pilot-agent',
    package: 'istio.io/istio/pilot/cmd/pilot-agent',
    sources: { module: 'istio.io/istio', paths: ['tools/packaging/common/envoy_bootstrap.json'] },
  },
  {
    kind: 'go',
    name: 'argocd',
    package: `${argocd}/cmd`,
    variables: { [`${argocd}/common.version`]: '3.5.7' },
    sources: { module: argocd, paths: ['manifests/crds'] },
  },
  {
    kind: 'go',
    name: 'gitea',
    package: 'code.gitea.io/gitea',
    variables: { 'main.Version': '1.26.0' },
    tags: ['sqlite', 'sqlite_unlock_notify'],
    cgo: true,
    // It reads them when it starts. Of its pages in the browser there is only what needs no other build.
    sources: { module: 'code.gitea.io/gitea', paths: ['options', 'public', 'templates'] },
  },
  { kind: 'wheel', name: 'envoy', path: 'envoy/_bin/envoy' },
  { kind: 'python', name: 'mlserver' },
  {
    kind: 'python',
    name: 'kserve-server',
    sources: {
      module: `${kserve}@v0.20.0`,
      paths: ['python/sklearnserver/sklearnserver', 'python/storage/kserve_storage'],
    },
  },
  { kind: 'python', name: 'statistics' },
  { kind: 'package', name: 'prometheus', debianPackage: 'prometheus', path: 'usr/bin/prometheus' },
  { kind: 'package', name: 'promtool', debianPackage: 'prometheus', path: 'usr/bin/promtool' },
  { kind: 'system', name: 'redis-server', debianPackage: 'redis-server' },
  { kind: 'system', name: 'iptables', debianPackage: 'iptables' },
  { kind: 'system', name: 'ip', debianPackage: 'iproute2' },
  { kind: 'system', name: 'unshare', debianPackage: 'util-linux' },
  { kind: 'system', name: 'setpriv', debianPackage: 'util-linux' },
];
