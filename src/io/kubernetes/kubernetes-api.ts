/**
 * Requests to the Kubernetes API, with the configuration, authentication and TLS of @kubernetes/client-node. Its Watch
 * and informer are not used: they ignore Retry-After, hide lines that cannot be read, and stop at any error but 410.
 */

import type { DispatcherOptions } from '@kubernetes/client-node/dist/config.js';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import { HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import type { Response } from 'undici';
import { Fault, toNetworkReason, toReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { fetch, httpOne } from '../process/fetch.ts';
import type { ProxyServer } from '../process/proxy.ts';
import { findProxy } from '../process/proxy.ts';
import { toRetryAfterMs } from '../process/retry-after.ts';

/** Why a request to the API failed. The message never contains a credential. */
export class ApiTrouble extends Error {
  declare readonly message: SafeText;
  /** The HTTP status; undefined: there was no response. */
  readonly status: number | undefined;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(message: SafeText, status?: number, retryAfterMs?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiTrouble';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ApiPlace {
  /** Undefined: KUBECONFIG, else ~/.kube/config, else the Pod's service account. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

export interface ApiRequest {
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'PATCH';
  readonly contentType?: string;
  readonly body?: string;
  /** Statuses with which a response is one, and no trouble. */
  readonly answers?: readonly number[];
  /** A response that leads elsewhere is trouble: for what others send through the API server. */
  readonly redirect?: 'manual';
  readonly signal: AbortSignal;
}

export class KubernetesApi {
  readonly #place: ApiPlace;
  #config: KubeConfig;

  /** @throws Fault when there is no configuration, or it cannot be read. */
  constructor(place: ApiPlace) {
    this.#place = place;
    this.#config = loadConfig(place);
  }

  /** @throws ApiTrouble when there is no response, or it is not a success. */
  async request(
    path: string,
    { query = {}, method = 'GET', contentType, body, answers = [], redirect, signal }: ApiRequest,
  ): Promise<Response> {
    const server = this.#config.getCurrentCluster()?.server ?? '';
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const context = new RequestContext(url.toString(), method === 'PATCH' ? HttpMethod.PATCH : HttpMethod.GET);
    let response: Response;
    try {
      await this.#config.applySecurityAuthentication(context);
      const dispatcher = context.getDispatcher();
      response = await fetch(url.href, {
        method,
        headers: {
          ...context.getHeaders(),
          accept: 'application/json',
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
        },
        signal,
        ...(body === undefined ? {} : { body }),
        ...(redirect === undefined ? {} : { redirect }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
    } catch (error) {
      const proxy = findApiProxy(server);
      const way = proxy === undefined ? safe`` : safe` through ${proxy.title}`;
      throw new ApiTrouble(
        safe`the Kubernetes API cannot be reached${way}: ${toNetworkReason(error)}`,
        undefined,
        undefined,
        {
          cause: error,
        },
      );
    }
    if (response.ok || answers.includes(response.status)) return response;
    // The token may have been rotated: the file has the new one.
    if (response.status === 401) this.#reload();
    throw await toTrouble(response, path);
  }

  #reload(): void {
    try {
      this.#config = loadConfig(this.#place);
    } catch {
      // The old configuration stays in use.
    }
  }
}

class Config extends KubeConfig {
  /** A kubeconfig's own `proxy-url` wins over the environment, as with kubectl. */
  override createDispatcherOptions(
    cluster: Cluster | null,
    agentOptions: Parameters<KubeConfig['createDispatcherOptions']>[1],
  ): DispatcherOptions {
    const proxy = cluster === null || cluster.proxyUrl ? undefined : findApiProxy(cluster.server);
    const options = super.createDispatcherOptions(
      cluster === null || proxy === undefined ? cluster : { ...cluster, proxyUrl: proxy.uri },
      agentOptions,
    );
    if (options.type === 'agent') return { ...options, connect: { ...options.connect, ...httpOne } };
    return options.type === 'none' ? options : { ...options, requestTls: { ...options.requestTls, ...httpOne } };
  }
}

/** Within a cluster, its API is reached directly, even if NO_PROXY does not list it. */
function findApiProxy(server: string): ProxyServer | undefined {
  const { hostname } = new URL(server);
  const isOwn = hostname.replace(/^\[|\]$/g, '') === process.env['KUBERNETES_SERVICE_HOST'];
  return isOwn ? undefined : findProxy(server, process.env);
}

function loadConfig({ kubeconfig, context }: ApiPlace): KubeConfig {
  const config = new Config();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    const reason = toReason(error instanceof Error ? error : new Error(String(error)));
    throw new Fault(
      'environment',
      safe`the kubeconfig${kubeconfig === undefined ? '' : safe` ${mask(kubeconfig)}`} cannot be read: ${reason}`,
      safe`name another with --kubeconfig or KUBECONFIG`,
      { cause: error },
    );
  }
  // The default of client-node where it finds no configuration.
  if (kubeconfig === undefined && config.getCurrentCluster()?.server === 'http://localhost:8080')
    throw new Fault(
      'environment',
      safe`there is no kubeconfig, and this is not in a cluster`,
      safe`name one with --kubeconfig or KUBECONFIG`,
    );
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster() === null)
    throw new Fault(
      'environment',
      safe`the kubeconfig has no cluster for the context ${mask(context ?? config.getCurrentContext())}`,
      safe`name another one with --context`,
    );
  return config;
}

async function toTrouble(response: Response, path: string): Promise<ApiTrouble> {
  const { status, headers } = response;
  const text = await response.text().catch(() => '');
  const wait = toRetryAfterMs(headers, Date.now());
  return new ApiTrouble(
    safe`the Kubernetes API answers ${mask(path)} with ${status}: ${toStatusMessage(text)}`,
    status,
    wait,
  );
}

/** The message of a Status object, or the text as it is. */
export function toStatusMessage(text: string): SafeText {
  let message = text;
  try {
    const status = JSON.parse(text) as { readonly message?: unknown };
    if (typeof status.message === 'string') message = status.message;
  } catch {
    // The response of a proxy need not be JSON.
  }
  return mask(message.trim().slice(0, 300)) || safe`no reason given`;
}

/** @throws ApiTrouble */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiTrouble(safe`the Kubernetes API sends what is not JSON`, undefined, undefined, { cause: error });
  }
}
