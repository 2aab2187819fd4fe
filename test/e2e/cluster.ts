/** A real kube-apiserver with the custom resources of Argo CD, Istio and KServe; what is written is logged. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import { readComponentCrds } from '../stack/component-crds.ts';
import { readKServeCrd } from '../stack/kserve-crd.ts';
import type { KubeApiserver } from '../stack/kube-apiserver.ts';
import { startKubeApiserver } from '../stack/kube-apiserver.ts';
import { scratch } from './sandbox.ts';

export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** A kind, as the API server's paths have it. */
export interface Resource {
  readonly path: string;
  readonly plural: string;
}

export const inferenceServices: Resource = { path: '/apis/serving.kserve.io/v1beta1', plural: 'inferenceservices' };
export const virtualServices: Resource = { path: '/apis/networking.istio.io/v1', plural: 'virtualservices' };
export const authorizationPolicies: Resource = { path: '/apis/security.istio.io/v1', plural: 'authorizationpolicies' };
export const destinationRules: Resource = { path: '/apis/networking.istio.io/v1', plural: 'destinationrules' };
export const envoyFilters: Resource = { path: '/apis/networking.istio.io/v1alpha3', plural: 'envoyfilters' };
export const secrets: Resource = { path: '/api/v1', plural: 'secrets' };
export const applications: Resource = { path: '/apis/argoproj.io/v1alpha1', plural: 'applications' };

/** One write, as the API server logged it before it answered. */
export interface Write {
  readonly verb: string;
  /** Who asked. */
  readonly user: string;
  /** The client program's. */
  readonly agent: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly code: number;
  /** Milliseconds since 1970, when it was answered. */
  readonly at: number;
  readonly body: unknown;
}

const mergePatch = 'application/merge-patch+json';

export class Cluster {
  readonly api: KubeApiserver;
  readonly #resources = new Map<string, { readonly plural: string; readonly isNamespaced: boolean }>();

  constructor(api: KubeApiserver) {
    this.api = api;
  }

  static async start(): Promise<Cluster> {
    const crds = [readKServeCrd(), ...readComponentCrds('istiod'), ...readComponentCrds('argocd')];
    const api = await startKubeApiserver(stackFolder, { crds, auditLog });
    writeFileSync(kubeconfig, api.kubeconfig(), { mode: 0o600 });
    return new Cluster(api);
  }

  /** Server-side; the status too, where there is one. */
  async apply(...objects: readonly ClusterObject[]): Promise<void> {
    for (const object of objects) {
      const path = await this.#toPath(object);
      const options = { method: 'PATCH', contentType: 'application/apply-patch+yaml', body: JSON.stringify(object) };
      await this.api.request(`${path}?fieldManager=person&force=true`, options);
      if (object.kind === 'Pod') await this.api.request(`${path}/status?fieldManager=person&force=true`, options);
    }
  }

  async list(resource: Resource, namespace: string, selector = ''): Promise<ClusterObject[]> {
    const query = selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
    const { items } = (await this.api.request(
      `${resource.path}/namespaces/${namespace}/${resource.plural}${query}`,
    )) as { readonly items: ClusterObject[] };
    return items;
  }

  /** Undefined when there is none. */
  async find(resource: Resource, namespace: string, name: string): Promise<ClusterObject | undefined> {
    return (await this.list(resource, namespace)).find(({ metadata }) => metadata.name === name);
  }

  async patch(resource: Resource, namespace: string, name: string, body: object): Promise<void> {
    await this.api.request(`${resource.path}/namespaces/${namespace}/${resource.plural}/${name}`, {
      method: 'PATCH',
      contentType: mergePatch,
      body: JSON.stringify(body),
    });
  }

  /** There is no garbage collector: nobody else would end a foreground deletion. */
  async remove(resource: Resource, namespace: string, name: string): Promise<void> {
    const path = `${resource.path}/namespaces/${namespace}/${resource.plural}/${name}`;
    await this.api.request(`${path}?propagationPolicy=Background`, { method: 'DELETE' });
  }

  /** A token of a ServiceAccount, as its Pod would get it: for the API server, or bound to the Pod and for others. */
  async createToken(
    namespace: string,
    account: string,
    bound?: { readonly audience: string; readonly pod: string },
  ): Promise<string> {
    const spec = {
      expirationSeconds: 7200,
      ...(bound && {
        audiences: [bound.audience],
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: bound.pod },
      }),
    };
    const { status } = (await this.api.request(`/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
      method: 'POST',
      body: JSON.stringify({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec,
      }),
    })) as { readonly status: { readonly token: string } };
    return status.token;
  }

  /** All writes since a moment, in the order in which they were answered. */
  writes(since = 0): Write[] {
    return readFileSync(auditLog, 'utf8')
      .trimEnd()
      .split('\n')
      .flatMap((line) => {
        // What Argo CD asks in order to compare.
        if (line.includes('dryRun=All')) return [];
        const at = Date.parse(/"stageTimestamp":"([^"]+)"/.exec(line)?.[1] ?? '');
        return at >= since ? [toWrite(JSON.parse(line) as AuditEvent, at)] : [];
      });
  }

  async close(): Promise<void> {
    await this.api.close();
  }

  async #toPath({ apiVersion, kind, metadata }: ClusterObject): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const key = `${root} ${kind}`;
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      const { resources } = (await this.api.request(root)) as {
        readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
      };
      const found = resources.find((one) => one.kind === kind && !one.name.includes('/'));
      if (found === undefined) throw new Error(`${apiVersion} ${kind} is not served`);
      resource = { plural: found.name, isNamespaced: found.namespaced };
      this.#resources.set(key, resource);
    }
    const within = resource.isNamespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${root}${within}/${resource.plural}/${metadata.name}`;
  }
}

const auditLog = join(scratch, 'audit.log');

/** Of the administrator. */
export const kubeconfig = join(scratch, 'kubeconfig.json');

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
}

function toWrite({ verb, user, userAgent, objectRef, responseStatus, requestObject }: AuditEvent, at: number): Write {
  return {
    verb,
    user: user.username,
    agent: userAgent ?? '',
    resource: objectRef?.resource ?? '',
    namespace: objectRef?.namespace ?? '',
    name: objectRef?.name ?? '',
    subresource: objectRef?.subresource ?? '',
    code: responseStatus?.code ?? 0,
    at,
    body: requestObject,
  };
}
