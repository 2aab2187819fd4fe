/** How requests reach a version: all models of a namespace share one Service, and a header names the version. */
import type { Backend } from '../../routing/traffic.ts';

/** ModelMesh's way to name a model by header. Set, never added: two values make a multi-model call. */
const vModelHeader = 'mm-vmodel-id';
/**
 * Beside `mm-vmodel-id` either of these makes ModelMesh answer INVALID_ARGUMENT, so a client's own are
 * removed. The other headers that name a model, `mm-vmodel-id-bin` and `tas-model-id`, give way to
 * `mm-vmodel-id` (GrpcSupport.java lists all of them; executed).
 */
const modelHeaders = ['mm-model-id', 'mm-model-id-bin'];

export function toBackend(service: { readonly host: string; readonly port: number }, version: string): Backend {
  return { version, ...service, setHeaders: { [vModelHeader]: version }, removeHeaders: modelHeaders };
}

export function readVersion({ setHeaders }: Backend): string | undefined {
  // Empty, as somebody may have edited it, it names none.
  return setHeaders[vModelHeader] || undefined;
}

export function toServiceHost(namespace: string, clusterDomain: string): string {
  return `modelmesh-serving.${namespace}.svc.${clusterDomain}`;
}

/** ModelMesh labels its pods with the name of their Service. */
export function toPodLabels(serviceHost: string): Readonly<Record<string, string>> {
  return { 'modelmesh-service': serviceHost.split('.')[0] ?? serviceHost };
}
