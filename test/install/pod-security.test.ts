import test from 'ava';
import type { Built } from './kustomize.ts';
import { findPodTroubles } from './pod-security.ts';

const safe = {
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
const good = {
  name: 'it',
  image: 'images.example.com:5000/it:1.0.0',
  resources: { requests: { memory: '1Mi' }, limits: { memory: '1Mi' } },
  securityContext: safe,
};

const toDeployment = (container: object, pod: object = {}): Built => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'it' },
  spec: { template: { spec: { containers: [container], ...pod } } },
});

test('a restricted Pod is fine', (t) => {
  t.deepEqual(findPodTroubles([toDeployment(good)]), []);
});

for (const [change, trouble] of [
  [{ runAsNonRoot: null }, 'may be root'],
  [{ runAsUser: 0 }, 'may be root'],
  [{ privileged: true }, 'is privileged'],
  [{ allowPrivilegeEscalation: null }, 'may gain privileges'],
  [{ capabilities: null }, 'keeps capabilities'],
  [{ capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }, 'adds capabilities'],
  [{ seccompProfile: null }, 'has no seccomp profile'],
  [{ readOnlyRootFilesystem: false }, 'may write to its root file system'],
] as const)
  test(`a container with ${JSON.stringify(change)} ${trouble}`, (t) => {
    const container = { ...good, securityContext: { ...safe, ...change } };
    t.deepEqual(findPodTroubles([toDeployment(container)]), [`Deployment it: container it ${trouble}`]);
  });

for (const image of ['it', 'it:latest', 'images.example.com:5000/it'])
  test(`the image ${image} has no version`, (t) => {
    t.deepEqual(findPodTroubles([toDeployment({ ...good, image })]), [
      `Deployment it: container it has an image without a version: ${image}`,
    ]);
  });

test('memory is bounded, and nothing is the host’s', (t) => {
  const container = { ...good, resources: {}, ports: [{ hostPort: 80 }] };
  const pod = { hostNetwork: true, volumes: [{ name: 'root', hostPath: { path: '/' } }] };
  t.deepEqual(findPodTroubles([toDeployment(container, pod)]), [
    'Deployment it: has hostNetwork',
    'Deployment it: has a volume of type hostPath',
    'Deployment it: container it has a port of the host',
    'Deployment it: container it has no memory limit',
    'Deployment it: container it asks for no memory',
  ]);
});

test('a Deployment without a container is not a Deployment', (t) => {
  const spec = { template: { spec: {} } };
  t.deepEqual(findPodTroubles([{ ...toDeployment(good), spec }]), ['Deployment it: has no container']);
});

test('an image is filled in by the injector where the Pod asks for that, and nowhere else', (t) => {
  const toPod = (annotations: object): Built => ({
    ...toDeployment(good),
    spec: {
      template: { metadata: { annotations }, spec: { containers: [{ ...good, image: 'auto' }] } },
    },
  });
  t.deepEqual(findPodTroubles([toPod({ 'inject.istio.io/templates': 'gateway' })]), []);
  t.deepEqual(findPodTroubles([toPod({})]), ['Deployment it: container it has an image without a version: auto']);
});
