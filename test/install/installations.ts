/**
 * What the kustomizations of `plugin/install` are put together to: each of them as it is, the watcher, the mirror gateway
 * and the comparer with every selection of their components, a comparer of its own in each of two namespaces, the sidecar
 * in an Argo CD, and the examples in another namespace.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findKustomizations } from './kustomize.ts';

const source = join(import.meta.dirname, '../../plugin/install');

/** Another namespace than the one of the bases. */
const elsewhere = 'ml-tools';

interface Installation {
  readonly name: string;
  /** Where kustomize is to look. */
  readonly folder: string;
  /** All that is needed is in it, so nothing may lead out of it. */
  readonly isWhole: boolean;
}

/**
 * Writes what is not there as such into a copy of the folder.
 * @param folder to be filled, and removed by the caller.
 * @throws Error when there is no kustomization, or a component that is in none of them.
 */
export function writeInstallations(folder: string): Installation[] {
  cpSync(source, folder, { recursive: true });
  const found = findKustomizations(folder);
  const bases = found.filter(({ kind }) => kind === 'Kustomization').map((base) => base.folder);
  const components = found.filter(({ kind }) => kind === 'Component').map((component) => component.folder);
  const startingWith = (start: string) => components.filter((component) => component.startsWith(start));
  const [forWatcher, forGateway] = [startingWith('components/'), startingWith('mirror-gateway/components/')];
  const forComparer = startingWith('comparer/components/');
  const known = [...forWatcher, ...forGateway, ...forComparer];
  const others = components.filter((component) => !known.includes(component));
  if (others.join() !== 'sidecar') throw new Error(`there must be a sidecar, and no component beside it: ${others}`);
  const write = (name: string, lines: readonly string[], files: Readonly<Record<string, string>> = {}) => {
    const place = join(folder, name);
    for (const [file, text] of Object.entries({ ...files, 'kustomization.yaml': `${lines.join('\n')}\n` })) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text);
    }
    return place;
  };
  return [
    ...bases.map((name) => ({ name, folder: join(folder, name), isWhole: /^example[^/]*$/.test(name) })),
    ...selections(forWatcher).flatMap((selection, index) =>
      ['watcher', 'watcher-namespaced'].map((base) => ({
        name: [`${base}, configured`, ...selection].join(' + '),
        folder: write(`selection-${base}-${index}`, [
          `resources: [../${base}]`,
          `components: [${selection.map((component) => `../${component}`)}]`,
          ...configuration('model-mirror'),
        ]),
        isWhole: true,
      })),
    ),
    ...selections(forGateway).map((selection, index) => ({
      name: ['watcher and mirror-gateway', ...selection].join(' + '),
      folder: write(`selection-mirror-gateway-${index}`, [
        'resources: [../watcher, ../mirror-gateway]',
        `components: [${selection.map((component) => `../${component}`)}]`,
        ...configuration('model-mirror'),
      ]),
      isWhole: true,
    })),
    ...selections(forComparer).map((selection, index) => ({
      name: ['watcher and comparer', ...selection].join(' + '),
      folder: write(`selection-comparer-${index}`, [
        'resources: [../watcher, ../comparer]',
        `components: [${selection.map((component) => `../${component}`)}]`,
        ...configuration('model-mirror'),
      ]),
      isWhole: true,
    })),
    ...['models-a', 'models-b'].map((namespace) => ({
      name: `a comparer of its own in ${namespace}`,
      folder: write(
        `comparer-of-${namespace}`,
        [
          `namespace: ${namespace}`,
          'resources: [../comparer-namespaced, ../comparer-namespaced/role, namespace.yaml]',
          `components: [${forComparer.map((component) => `../${component}`)}]`,
          'configMapGenerator:',
          `  - {name: model-mirror-comparer, literals: [MODEL_MIRROR_NAMESPACES=${namespace}]}`,
        ],
        {
          'namespace.yaml': `{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}}}\n`,
        },
      ),
      isWhole: true,
    })),
    ...Object.entries(exclusions).map(([name, lines], index) => ({
      name: `sidecar, ${name}`,
      folder: write(
        `argocd-${index}`,
        [
          'resources: [repo-server.yaml]',
          'components: [../sidecar]',
          'images: [{name: model-mirror, newName: images.example.com/model-mirror, newTag: 9.8.7}]',
        ],
        { 'repo-server.yaml': toRepoServer(lines) },
      ),
      isWhole: false,
    })),
    ...(
      [
        ['watcher', ''],
        ['watcher', '  - ../components/argocd-refresh\n  - ../components/service-monitor\n'],
        ['watcher-namespaced', ''],
      ] as const
    ).map(([base, more]) => {
      const example = base.replace('watcher', 'example');
      const all = more === '' ? '' : ' with all components';
      write(`moved-${base}`, [`namespace: ${elsewhere}`, `resources: [../${base}]`]);
      const text = readFileSync(join(folder, example, 'kustomization.yaml'), 'utf8');
      const lines = text
        .replace(`- ../${base}\n`, `- ../moved-${base}\n`)
        // It stays where policies look for it by default: in a namespace that is not made here.
        .replace('  - ../mirror-gateway\n', '')
        .replace('components:\n', `components:\n${more}`)
        .replace('- modelmesh-serving\n', `- ../${example}/modelmesh-serving\n`)
        .replace('namespace: model-mirror\n', `namespace: ${elsewhere}\n`);
      return {
        name: `${example} in ${elsewhere}${all}`,
        folder: write(`moved-${example}${all.replaceAll(' ', '-')}`, lines.split('\n')),
        isWhole: true,
      };
    }),
  ];
}

function configuration(namespace: string): string[] {
  return [
    'configMapGenerator:',
    `  - {name: model-mirror-watcher, namespace: ${namespace}, literals: [MODEL_MIRROR_REPO=https://git.example.com/x]}`,
  ];
}

/** Every way to take some of them: none and all as well. */
function selections(all: readonly string[]): string[][] {
  const [first, ...others] = all;
  if (first === undefined) return [[]];
  return selections(others).flatMap((selection) => [selection, [first, ...selection]]);
}

/** How the Deployment has the variable that the sidecar's component sets. */
const exclusions: Readonly<Record<string, string>> = {
  'where nothing is excluded': '',
  // argo-cd manifests/base/repo-server/argocd-repo-server-deployment.yaml
  'where a ConfigMap may exclude': `
            - name: ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS
              valueFrom:
                configMapKeyRef: {name: argocd-cmd-params-cm, key: reposerver.plugin.tar.exclusions, optional: true}`,
  'where something is excluded': `
            - {name: ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS, value: docs/*}`,
};

/** What the component relies on in Argo CD's own Deployment: names, volumes, and the init container. */
export function toRepoServer(exclusion: string): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server, namespace: argocd}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      containers:
        - name: argocd-repo-server
          image: argocd:v3.5.7
          env:
            - {name: HELM_CACHE_HOME, value: /helm-working-dir}${exclusion}
          resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}
          securityContext: &restricted
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
            seccompProfile: {type: RuntimeDefault}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            - {name: plugins, mountPath: /home/argocd/cmp-server/plugins}
      initContainers:
        - name: copyutil
          image: argocd:v3.5.7
          resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}
          securityContext: *restricted
          volumeMounts:
            - {name: var-files, mountPath: /var/run/argocd}
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: var-files, emptyDir: {}}
        - {name: plugins, emptyDir: {}}
`;
}
