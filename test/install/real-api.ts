/** What a real API server says to objects, and to what an account may do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { readComponentCrds } from '../stack/component-crds.ts';
import { readKServeCrd } from '../stack/kserve-crd.ts';
import type { KubeApiserver } from '../stack/kube-apiserver.ts';
import { startKubeApiserver } from '../stack/kube-apiserver.ts';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';

/** Something that one may do or not, in one namespace or in all. */
export interface Deed {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Undefined: in all of them at once. */
  readonly namespace: string | undefined;
}

/** Roles and bindings come into force, and out of it, a moment after they are written. */
const forceMs = 5000;
/** Which fields they have is not checked: their programs are not part of the stack that is built for this check. */
const schemaless = [
  ['argoproj.io', 'v1alpha1', 'Application'],
  ['monitoring.coreos.com', 'v1', 'ServiceMonitor'],
  ['monitoring.coreos.com', 'v1', 'PodMonitor'],
  ['monitoring.coreos.com', 'v1', 'PrometheusRule'],
].map(([group, name, kind = '']) => {
  const singular = kind.toLowerCase();
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural: `${singular}s`, singular },
      versions: [{ name, served: true, storage: true, schema }],
    },
  });
});

export class RealApi {
  readonly #api: KubeApiserver;
  readonly #agent: Agent;
  readonly #paths = new Map<string, string>();

  private constructor(api: KubeApiserver) {
    this.#api = api;
    this.#agent = new Agent({ connect: { ca: api.ca }, allowH2: false });
  }

  /** @param assets the folder with kube-apiserver and etcd; Istio's resources are those of the stack. */
  static async start(assets: string): Promise<RealApi> {
    const crds = [readKServeCrd(), ...readComponentCrds('istiod'), ...schemaless];
    return new RealApi(await startKubeApiserver(assets, { crds }));
  }

  /** What it refuses or warns of, if it were to be applied; of what makes Pods, also if those were to be made. */
  async findRefusals(object: Built): Promise<string[]> {
    const refusals = await this.#try(object, 'PATCH', await this.#toPath(object), object);
    const pod = valueAt(object, ['spec', 'template']);
    if (pod !== undefined) {
      const { namespace = 'default' } = object.metadata;
      const made = {
        ...pod,
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...(valueAt(pod, ['metadata']) as object), name: 'trial' },
      };
      refusals.push(...(await this.#try(object, 'POST', `/api/v1/namespaces/${namespace}/pods`, made)));
    }
    return refusals;
  }

  async apply(object: Built): Promise<void> {
    const path = await this.#toPath(object);
    await this.#api.request(`${path}?fieldManager=install&force=true`, {
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      body: JSON.stringify(object),
    });
  }

  /** @returns it as it is there; undefined: it is not. */
  async read(object: Built): Promise<Built | undefined> {
    const { ok, text } = await this.#ask(await this.#toPath(object));
    return ok ? (JSON.parse(text) as Built) : undefined;
  }

  /** Those of a kind in a namespace. */
  async list(path: string): Promise<readonly Built[]> {
    const { items } = (await this.#api.request(path)) as { readonly items: readonly Built[] };
    return items;
  }

  /** A kubeconfig that leads there. */
  kubeconfig(): string {
    return this.#api.kubeconfig();
  }

  async remove(object: Built): Promise<void> {
    await this.#api.request(await this.#toPath(object), { method: 'DELETE' });
  }

  /** Waits until an account may do something, or may not; false when that does not come. */
  async isSo(user: string, deed: Deed, mayDoIt: boolean): Promise<boolean> {
    try {
      await until('it is so', forceMs, async () => (await this.#mayDo(user, deed)) === mayDoIt);
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    await this.#api.close();
  }

  async #mayDo(user: string, { verb, group, resource, namespace }: Deed): Promise<boolean> {
    const review = await this.#api.request('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      method: 'POST',
      body: JSON.stringify({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, resourceAttributes: { verb, group, resource, namespace } },
      }),
    });
    return valueAt(review, ['status', 'allowed']) === true;
  }

  async #try(object: Built, method: 'PATCH' | 'POST', path: string, body: object): Promise<string[]> {
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    const force = method === 'PATCH' ? '&force=true' : '';
    const query = `?dryRun=All&fieldManager=install&fieldValidation=Strict${force}`;
    const { ok, text, warning } = await this.#ask(path + query, method, type, JSON.stringify(body));
    return [...(ok ? [] : [text.slice(0, 500)]), ...(warning === null ? [] : [warning])].map(
      (refusal) => `${toLabel(object)}: ${refusal}`,
    );
  }

  async #ask(path: string, method = 'GET', contentType = '', body: string | null = null) {
    const response = await fetch(this.#api.url + path, {
      method,
      body,
      headers: {
        authorization: `Bearer ${this.#api.token}`,
        ...(body === null ? {} : { 'content-type': contentType }),
      },
      dispatcher: this.#agent,
    });
    return { ok: response.ok, text: await response.text(), warning: response.headers.get('warning') };
  }

  /** By what the server says that it serves. */
  async #toPath({ apiVersion, kind, metadata }: Built): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const key = `${root} ${kind}`;
    if (!this.#paths.has(key)) {
      const { resources } = (await this.#api.request(root)) as {
        readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
      };
      const resource = resources.find((one) => one.kind === kind && !one.name.includes('/'));
      if (resource === undefined) throw new Error(`${apiVersion} ${kind} is not served`);
      this.#paths.set(key, resource.namespaced ? `${root}/namespaces/*/${resource.name}` : `${root}/${resource.name}`);
    }
    const path = this.#paths.get(key) ?? '';
    return `${path.replace('*', metadata.namespace ?? 'default')}/${metadata.name}`;
  }
}

async function until(what: string, limitMs: number, look: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(50)) if (await look()) return;
  throw new Error(`it is not so: ${what}`);
}
