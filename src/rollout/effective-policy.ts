/**
 * The policies of a model's folder and of those around it → the one policy that holds for it.
 *
 * Invariants: the nearest policy wins, field by field; limits only tighten on the way down; patches
 * keep their order from the outermost to the nearest; every field knows which file set it.
 */
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { FieldPath, Finding, Problem } from '../input/problem.ts';
import type { SafeText } from '../input/safe-text.ts';
import { join, mask, safe } from '../input/safe-text.ts';
import type { MirrorPolicy, Patch } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { locate } from '../input/yaml-text.ts';

/** A policy with its file. */
export interface PolicyFile {
  readonly source: SourceFile;
  readonly policy: MirrorPolicy;
}

/** Where a field was written. */
export interface Origin {
  readonly source: SourceFile;
  readonly path: FieldPath;
}

type Selector = Readonly<Record<string, string>>;

/** What a Gateway is called and which pods serve it. */
export interface GatewayChoice {
  readonly name: string;
  /** Whether the Gateway is rendered, or somebody else's. */
  readonly create: boolean;
  /** Namespaces besides its own whose VirtualServices may use it; `*` for all. */
  readonly namespaces: readonly string[];
  readonly selector: Selector;
  readonly port: number;
}

export interface PlacedPatch {
  readonly patch: Patch;
  readonly origin: Origin;
}

/** A value that one policy gives to a field. */
export interface Setting {
  readonly value: unknown;
  readonly origin: Origin;
}

export interface EffectivePolicy {
  /** The outermost folder whose policies count; `.` unless a flag or a parameter leaves the outer ones out. */
  readonly root: string;
  /** False: a policy that may say more cannot be read. */
  readonly isWhole: boolean;
  /** 0 to 100. */
  readonly mirrorPercentage: number;
  readonly gate: 'Status' | 'None';
  /** Hosts besides the three that every model has. */
  readonly hosts: readonly string[];
  /** The DNS domain of the cluster's Services. */
  readonly clusterDomain: string;
  readonly gateway: GatewayChoice;
  readonly mirrorGateway: GatewayChoice & { readonly service: string };
  /** ModelMesh's Service; without a host, `modelmesh-serving` of the model's namespace. */
  readonly service: { readonly host: string | undefined; readonly port: number };
  /** Go duration; undefined: no limit. */
  readonly timeout: string | undefined;
  /** Go duration. */
  readonly mirrorTimeout: string;
  /** A storageUri must begin with one prefix of every list. */
  readonly storageUriPrefixes: readonly { readonly prefixes: readonly string[]; readonly origin: Origin }[];
  readonly patches: readonly PlacedPatch[];
  /** Which file set a field, by the field's name below `spec`; a default has no origin. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** All that policies say of a field, from the outermost to the nearest, those that are overridden too. */
  readonly settings: ReadonlyMap<string, readonly Setting[]>;
}

/** The fields of `limits`: every one that is written holds. */
const limitFields = ['limits.maxMirrorPercentage', 'limits.storageUriPrefixes'] as const;

/** Each field that a nearer policy replaces as a whole. */
export const replacedFields = [
  'mirrorPercentage',
  'gate',
  'routing.hosts',
  'routing.clusterDomain',
  'routing.gateway.name',
  'routing.gateway.create',
  'routing.gateway.namespaces',
  'routing.gateway.selector',
  'routing.gateway.port',
  'routing.mirrorGateway.name',
  'routing.mirrorGateway.create',
  'routing.mirrorGateway.namespaces',
  'routing.mirrorGateway.selector',
  'routing.mirrorGateway.service',
  'routing.mirrorGateway.port',
  'routing.service.host',
  'routing.service.port',
  'routing.timeout',
  'routing.mirrorTimeout',
] as const;

/**
 * @param levels the policies of each folder (or of one model alone), from the outermost to the nearest.
 * @param isWhole false: some cannot be read, so that what is set nowhere else may be set there.
 * @param root the outermost folder whose policies count.
 * @returns the effective policy and what is wrong with it; each problem is placed in a policy file.
 */
export function computeEffectivePolicy(
  levels: readonly (readonly PolicyFile[])[],
  isWhole = true,
  root = '.',
): { readonly policy: EffectivePolicy; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const origins = new Map<string, Origin>();
  const values = new Map<string, unknown>();
  const settings = new Map<string, Setting[]>();
  const keep = (field: string, setting: Setting) => settings.set(field, [...(settings.get(field) ?? []), setting]);
  const patches: PlacedPatch[] = [];
  const storageUriPrefixes: { prefixes: readonly string[]; origin: Origin }[] = [];
  let limit: { readonly percentage: number; readonly origin: Origin } | undefined;

  for (const level of levels) {
    const setHere = new Map<string, Origin>();
    for (const { source, policy } of level) {
      for (const field of replacedFields) {
        const path = ['spec', ...field.split('.')];
        const value = valueAt(policy, path);
        if (value === undefined) continue;
        const earlier = setHere.get(field);
        if (earlier !== undefined) problems.push(toConflict(field, earlier, { source, path }));
        setHere.set(field, { source, path });
        origins.set(field, { source, path });
        values.set(field, value);
        keep(field, { value, origin: { source, path } });
      }
      for (const field of limitFields) {
        const path = ['spec', ...field.split('.')];
        const value = valueAt(policy, path);
        if (value !== undefined) keep(field, { value, origin: { source, path } });
      }
      const { limits, patches: written } = policy.spec;
      if (limits?.maxMirrorPercentage !== undefined && limits.maxMirrorPercentage < (limit?.percentage ?? 101))
        limit = {
          percentage: limits.maxMirrorPercentage,
          origin: { source, path: ['spec', 'limits', 'maxMirrorPercentage'] },
        };
      if (limits?.storageUriPrefixes !== undefined)
        storageUriPrefixes.push({
          prefixes: limits.storageUriPrefixes,
          origin: { source, path: ['spec', 'limits', 'storageUriPrefixes'] },
        });
      for (const [i, patch] of (written ?? []).entries())
        patches.push({ patch, origin: { source, path: ['spec', 'patches', i] } });
    }
  }

  const set = <T>(field: (typeof replacedFields)[number], otherwise: T) => (values.get(field) as T) ?? otherwise;
  const clusterDomain = set('routing.clusterDomain', 'cluster.local');
  const policy: EffectivePolicy = {
    root,
    isWhole,
    mirrorPercentage: set('mirrorPercentage', 100),
    gate: set<'Status' | 'None'>('gate', 'Status'),
    hosts: set<readonly string[]>('routing.hosts', []),
    clusterDomain,
    gateway: {
      name: set('routing.gateway.name', 'mm-gateway'),
      create: set('routing.gateway.create', true),
      namespaces: set<readonly string[]>('routing.gateway.namespaces', []),
      selector: set<Record<string, string>>('routing.gateway.selector', { istio: 'ingressgateway' }),
      port: set('routing.gateway.port', 80),
    },
    mirrorGateway: {
      name: set('routing.mirrorGateway.name', 'mm-mirror-gateway'),
      create: set('routing.mirrorGateway.create', true),
      namespaces: set<readonly string[]>('routing.mirrorGateway.namespaces', []),
      selector: set<Record<string, string>>('routing.mirrorGateway.selector', { istio: 'egressgateway' }),
      service: set('routing.mirrorGateway.service', `istio-egressgateway.istio-system.svc.${clusterDomain}`),
      port: set('routing.mirrorGateway.port', 80),
    },
    service: {
      host: set<string | undefined>('routing.service.host', undefined),
      port: set('routing.service.port', 8033),
    },
    timeout: set<string | undefined>('routing.timeout', undefined),
    mirrorTimeout: set('routing.mirrorTimeout', '2s'),
    storageUriPrefixes,
    patches,
    origins,
    settings,
  };
  const origin = origins.get('mirrorPercentage');
  if (limit !== undefined && policy.mirrorPercentage > limit.percentage && (isWhole || origin !== undefined))
    problems.push(toOverLimit(policy.mirrorPercentage, origin, limit));
  problems.push(...checkGateways(policy));
  return { policy, problems };
}

function toConflict(field: (typeof replacedFields)[number], earlier: Origin, later: Origin): Problem {
  return toProblem(later.source, later.path, {
    code: 'policy-conflict',
    message: safe`spec.${field} is also set by ${mask(earlier.source.path)}, which holds for the same folder`,
    hint: safe`set it in one of the two files`,
  });
}

function toOverLimit(
  percentage: number,
  origin: Origin | undefined,
  limit: { readonly percentage: number; readonly origin: Origin },
): Problem {
  if (origin === undefined)
    return toProblem(
      limit.origin.source,
      limit.origin.path,
      {
        code: 'over-limit',
        message: safe`mirrorPercentage is set nowhere, so 100 holds, which is over the limit of ${limit.percentage}`,
        hint: safe`set spec.mirrorPercentage to at most ${limit.percentage}`,
      },
      { on: 'value' },
    );
  const where = locate(limit.origin.source, limit.origin.path);
  return toProblem(
    origin.source,
    origin.path,
    {
      code: 'over-limit',
      message: safe`mirrorPercentage ${percentage} is over the limit of ${limit.percentage} (${where.file}:${where.line})`,
      hint: safe`write at most ${limit.percentage}`,
    },
    { on: 'value' },
  );
}

/**
 * A gateway that mirrors to itself matches its own copy again and mirrors that too: one request
 * became 2,523 in a second on Istio 1.31. So the two gateways must not share their pods.
 */
function checkGateways(policy: EffectivePolicy): Problem[] {
  const { gateway, mirrorGateway, origins } = policy;
  const problems: Problem[] = [];
  const reportAt = (fields: readonly string[], finding: Finding) => {
    const origin = fields.map((field) => origins.get(field)).find((found) => found !== undefined);
    if (origin !== undefined) problems.push(toProblem(origin.source, origin.path, finding, { on: 'value' }));
  };
  const report = (fields: readonly string[], finding: Omit<Finding, 'code'>) =>
    reportAt(fields, { code: 'mirror-loop', ...finding });
  for (const [field, { name, create }] of Object.entries({ gateway, mirrorGateway }))
    if (create && name.includes('/'))
      reportAt([`routing.${field}.name`], {
        code: 'invalid-value',
        message: safe`a Gateway is rendered into the model's own namespace, which may not be that of ${mask(name)}`,
        hint: safe`write the name alone, or set create: false for a Gateway that is managed elsewhere`,
      });
  if (overlaps(gateway.selector, mirrorGateway.selector))
    report(['routing.mirrorGateway.selector', 'routing.gateway.selector'], {
      message: safe`the mirror gateway's selector picks the public gateway's pods (${toSelectorText(gateway.selector)}): mirrored requests would be mirrored again, endlessly`,
      hint: safe`select pods of a gateway of its own for mirrored requests, as istio: egressgateway does`,
    });
  const service = mirrorGateway.service.split('.')[0] ?? '';
  // By Istio's own convention the Service of the pods `istio: x` is `x` or `istio-x`.
  if (Object.values(gateway.selector).some((value) => toGatewayName(value) === toGatewayName(service)))
    report(['routing.mirrorGateway.service', 'routing.gateway.selector'], {
      message: safe`mirrored requests would go to ${mask(mirrorGateway.service)}, the public gateway's own Service, and be mirrored again, endlessly`,
      hint: safe`name the Service of a separate gateway, such as istio-egressgateway.istio-system.svc.${mask(policy.clusterDomain)}`,
    });
  return problems;
}

/**
 * Whether there may be pods that both pick: the selectors contradict each other nowhere, and one is
 * part of the other or they name the same gateway by two labels, as Istio's own pods carry
 * `istio: ingressgateway` and `app: istio-ingressgateway`.
 */
function overlaps(a: Selector, b: Selector): boolean {
  const shared = Object.keys(a).filter((key) => Object.hasOwn(b, key));
  if (shared.some((key) => a[key] !== b[key])) return false;
  if (shared.length === Object.keys(a).length || shared.length === Object.keys(b).length) return true;
  const names = new Set(Object.values(a).map(toGatewayName));
  return Object.values(b).some((value) => names.has(toGatewayName(value)));
}

function toGatewayName(value: string): string {
  return value.replace(/^istio-/, '');
}

function toSelectorText(selector: Selector): SafeText {
  return join(
    Object.keys(selector)
      .toSorted()
      .map((key) => safe`${mask(key)}=${mask(selector[key] ?? '')}`),
    ', ',
  );
}
