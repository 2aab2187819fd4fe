/**
 * A Kubernetes API for a test: the fake, or a real one when KUBEBUILDER_ASSETS names the folder with
 * kube-apiserver and etcd (`npm run test:api`). What passes on both shows that they do not differ.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestInit, Response } from 'undici';
import { Agent, fetch } from 'undici';
import { startKubernetes } from '../../../../src/demo/fakes/kubernetes/api.ts';
import type { KubernetesObject, Written } from '../../../../src/demo/fakes/kubernetes/object.ts';
import type { KubeApiserver } from '../../../stack/kube-apiserver.ts';
import { startKubeApiserver } from '../../../stack/kube-apiserver.ts';
import type { Upstream } from '../faulty-proxy.ts';

export interface ApiUnderTest {
  /** Where it is, and what lets one in: what a proxy in front of it needs. */
  readonly upstream: Upstream;
  /** A kubeconfig that leads to it, as administrator. */
  kubeconfig(): string;
  /** One request, as administrator unless the headers say otherwise. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Makes an object what the manifest says, but for its status; takes fields over from others. */
  apply(written: Written, manager?: string): Promise<KubernetesObject>;
  /** Puts a whole status in place of the one before, as a controller does. */
  patchStatus(plural: string, namespace: string, name: string, status: unknown): Promise<KubernetesObject>;
  /** Removes it, or marks it as being deleted while it has finalizers. */
  remove(plural: string, namespace: string, name: string): Promise<void>;
  get(plural: string, namespace: string, name: string): Promise<KubernetesObject | undefined>;
  /** Forgets all changes so far. On the real one open streams end with it. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

interface Started {
  readonly upstream: Upstream;
  kubeconfig(): string;
  compact(): void | Promise<void>;
  close(): Promise<void>;
}

/** There in both: a real one refuses to put an object into a namespace that is not there. */
export const namespaces = ['models', 'others', 'argocd'] as const;

const groups: Readonly<Record<string, string>> = {
  inferenceservices: '/apis/serving.kserve.io/v1beta1',
  virtualservices: '/apis/networking.istio.io/v1',
  applications: '/apis/argoproj.io/v1alpha1',
  deployments: '/apis/apps/v1',
  pods: '/api/v1',
};

/** The path of all of a namespace, or of one. */
export function toPath(plural: string, namespace?: string, name?: string): string {
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${groups[plural]}${within}/${plural}${name === undefined ? '' : `/${name}`}`;
}

/** @throws Error when the environment asks for a real one and a part of it is not there. */
export async function startApi(): Promise<ApiUnderTest> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  return new Api(assets === undefined ? await startFake() : await startReal(assets));
}

async function startFake(): Promise<Started> {
  const token = 'of-the-fake';
  const api = await startKubernetes({ token });
  return {
    upstream: { url: api.url, headers: { authorization: `Bearer ${token}` } },
    kubeconfig: () => api.kubeconfig(),
    compact: () => api.compact(),
    close: () => api.close(),
  };
}

/** How many real ones a file of tests has at once: to start one takes a core ten seconds. */
const mostAtOnce = 2;
let startedNow = 0;
const waiting: ((api: Promise<KubeApiserver>) => void)[] = [];

/** A new one, or one that another test is done with. */
async function startReal(assets: string): Promise<Started> {
  const isFull = startedNow >= mostAtOnce;
  if (!isFull) startedNow++;
  const api = await (isFull ? new Promise<KubeApiserver>((resolve) => waiting.push(resolve)) : startEmpty(assets));
  return {
    upstream: { url: api.url, ca: api.ca, headers: { authorization: `Bearer ${api.token}` } },
    kubeconfig: () => api.kubeconfig(),
    compact: () => api.compact(),
    close: async () => {
      const next = waiting.shift();
      if (next !== undefined) return next(empty(api));
      startedNow--;
      await api.close();
    },
  };
}

async function startEmpty(assets: string): Promise<KubeApiserver> {
  const api = await startKubeApiserver(assets);
  await Promise.all(namespaces.map((name) => api.addNamespace(name)));
  return api;
}

/** Removes all that a test made. */
async function empty(api: KubeApiserver): Promise<KubeApiserver> {
  for (const plural of Object.keys(groups))
    for (const namespace of namespaces) {
      const path = toPath(plural, namespace);
      const list = async () => ((await api.request(path)) as { readonly items: readonly KubernetesObject[] }).items;
      for (const { metadata } of await list()) {
        const contentType = 'application/merge-patch+json';
        const body = JSON.stringify({ metadata: { finalizers: null } });
        if (metadata.finalizers !== undefined)
          await api.request(`${path}/${metadata.name}`, { method: 'PATCH', contentType, body });
      }
      await api.request(path, { method: 'DELETE' });
      while ((await list()).length > 0) await sleep(100);
    }
  return api;
}

/** The same requests to either. */
class Api implements ApiUnderTest {
  readonly #started: Started;
  readonly #agents: Agent[] = [];
  #agent: Agent;

  constructor(started: Started) {
    this.#started = started;
    this.#agent = this.#newAgent();
  }

  get upstream(): Upstream {
    return this.#started.upstream;
  }

  kubeconfig(): string {
    return this.#started.kubeconfig();
  }

  fetch(path: string, { headers = {}, ...init }: RequestInit = {}): Promise<Response> {
    const { url, headers: own = {} } = this.upstream;
    return fetch(url + path, { ...init, dispatcher: this.#agent, headers: { ...own, ...(headers as object) } });
  }

  apply(written: Written, manager = 'argocd-controller'): Promise<KubernetesObject> {
    const { namespace, name } = written.metadata;
    const path = toPath(`${written.kind.toLowerCase()}s`, namespace, name);
    return this.#change(`${path}?fieldManager=${manager}&force=true`, 'application/apply-patch+yaml', written);
  }

  patchStatus(plural: string, namespace: string, name: string, status: unknown): Promise<KubernetesObject> {
    const path = `${toPath(plural, namespace, name)}/status?fieldManager=manager`;
    return this.#change(path, 'application/json-patch+json', [{ op: 'add', path: '/status', value: status }]);
  }

  async remove(plural: string, namespace: string, name: string): Promise<void> {
    await toJson(await this.fetch(toPath(plural, namespace, name), { method: 'DELETE' }));
  }

  async get(plural: string, namespace: string, name: string): Promise<KubernetesObject | undefined> {
    const response = await this.fetch(toPath(plural, namespace, name));
    if (response.status !== 404) return (await toJson(response)) as KubernetesObject;
    await response.body?.cancel();
    return undefined;
  }

  async compact(): Promise<void> {
    await this.#started.compact();
    // The old one may have connections to what is no more, and may have streams that go on.
    this.#agent = this.#newAgent();
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.destroy()));
    await this.#started.close();
  }

  #newAgent(): Agent {
    const { ca } = this.upstream;
    const agent = new Agent({ allowH2: false, ...(ca === undefined ? {} : { connect: { ca } }) });
    this.#agents.push(agent);
    return agent;
  }

  async #change(path: string, contentType: string, body: unknown): Promise<KubernetesObject> {
    const headers = { 'content-type': contentType };
    return (await toJson(
      await this.fetch(path, { method: 'PATCH', headers, body: JSON.stringify(body) }),
    )) as KubernetesObject;
  }
}

async function toJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} is answered with ${response.status}: ${text}`);
  return JSON.parse(text);
}
