/** The port of routers: everything about one of them is behind this interface, in the router's own folder. */

import type { Problem } from '../diagnostics/problem.ts';
import type { MirrorTls } from '../input/mirror-policy-schema.ts';
import type { FieldOrigin, SourceFile } from '../input/source-file.ts';
import type { PatchableManifest } from '../manifests/patchable.ts';
import type { WatchedKind } from '../manifests/watched-kind.ts';
import type { ReadTraffic, Traffic } from './traffic.ts';

/** What a Gateway is called and which pods serve it. */
export interface GatewayChoice {
  readonly name: string;
  /** Whether the Gateway is rendered, or managed elsewhere. */
  readonly create: boolean;
  /** Namespaces besides its own whose routes may use it; `*` for all. */
  readonly namespaces: readonly string[];
  readonly selector: Readonly<Record<string, string>>;
  readonly port: number;
}

/** Which gateway copies go through. */
export interface MirrorGatewayChoice extends GatewayChoice {
  /** The host of its Service. */
  readonly service: string;
  /** How clients' proxies connect to it. */
  readonly tls: MirrorTls;
}

/** Where a sample of the requests is compared. */
export interface ComparerChoice {
  /** The host of its Service. */
  readonly service: string;
  readonly port: number;
}

export interface Gateways {
  readonly gateway: GatewayChoice;
  readonly mirrorGateway: MirrorGatewayChoice;
}

/** What guards check of a policy. */
export interface RoutingPolicy extends Gateways {
  /** Hosts besides those that every model has. */
  readonly hosts: readonly string[];
  /** Undefined: nothing is compared. */
  readonly comparer: ComparerChoice | undefined;
  /** The DNS domain of the cluster's Services. */
  readonly clusterDomain: string;
  /** Which file set a field, by the field's name below `spec`; a default has no origin. */
  readonly origins: ReadonlyMap<string, FieldOrigin>;
}

/** What guards check of a model. */
export interface RoutedModel {
  readonly file: { readonly source: SourceFile };
  readonly name: string;
  readonly namespace: string;
  readonly policy: RoutingPolicy;
  /** The hosts that lead to the model, each once. */
  readonly hosts: readonly string[];
  /** The hosts of the Services that serve its versions, each once. */
  readonly serviceHosts: readonly string[];
}

export type RoutedManifest = PatchableManifest;

export interface Router {
  /** The value of `routing.api`, and its name in messages. */
  readonly name: string;
  /** Its vocabulary in any case, which is used nowhere outside its folder: the walls check it. */
  readonly words: readonly string[];
  /** The kind of object to watch: what it does is read with `read`. */
  readonly watched: WatchedKind;
  /** The kinds of objects that it renders, so that patches may name them. */
  readonly kinds: readonly string[];
  /** Fields of a policy that it cannot do: to set one of them is a problem. */
  readonly unsupported: readonly string[];
  /** The name of the watched object that leads a model's copies; that of its requests is called like the model. */
  readonly toMirrorName: (model: string) => string;
  /** The objects of one model. */
  readonly render: (traffic: Traffic) => readonly RoutedManifest[];
  /** The objects that the models of a namespace share. */
  readonly renderShared: (namespace: string, gateways: Gateways) => readonly RoutedManifest[];
  /**
   * What objects of one model do, live ones too: `read` of what `render` gives is the traffic. Whatever the
   * objects hold, reading does not fail; what is absent, or of another type, is read as empty.
   */
  readonly read: (objects: readonly unknown[]) => ReadTraffic;
  /**
   * What holds where policies set nothing else.
   * @param chosen what policies set of the mirror gateway: whoever names another gets the defaults of that one.
   */
  readonly toDefaults: (clusterDomain: string, chosen: Partial<MirrorGatewayChoice>) => Gateways;
  /** Guards: what would send requests or copies where they must not go, by a policy alone. */
  readonly checkPolicy: (policy: RoutingPolicy) => readonly Problem[];
  /** The same by a model and its policy. */
  readonly checkModel: (model: RoutedModel) => readonly Problem[];
  /** The same by several models, each with a known namespace. */
  readonly checkModels: (models: readonly RoutedModel[]) => readonly Problem[];
  /** The forms in which a host may arrive, itself first: no two models may share one. */
  readonly toHostForms: (host: string) => readonly string[];
}
