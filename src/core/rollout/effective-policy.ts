/**
 * The policies of a model's folder and of those around it → the one policy that holds for it.
 *
 * Invariants: the nearest policy wins, field by field; limits only tighten on the way down; patches
 * keep their order from the outermost to the nearest; every field knows which file set it.
 */

import type { Analysis, Ramp } from '../analysis/analysis.ts';
import type { Problem } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import type { WrittenAnalysis } from '../input/analysis-rules.ts';
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { WrittenRamp } from '../input/ramp-schema.ts';
import type { MirrorPolicy } from '../input/schema.ts';
import { toMilliseconds } from '../input/schema-parts.ts';
import type { FieldOrigin, SourceFile } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import type { PlacedPatch } from '../manifests/patch.ts';
import type { GatewayChoice, MirrorGatewayChoice, Router, RoutingPolicy } from '../routing/router.ts';
import { findRouter, routers } from '../routing/routers.ts';
import { checkShare, toAnalysis, withoutComparer } from './analysis-choice.ts';
import { checkRamp, toRamp } from './ramp-choice.ts';
import { checkPatchedKinds, checkRouterName, checkSupport } from './router-choice.ts';

/** A policy with its file. */
export interface PolicyFile {
  readonly source: SourceFile;
  readonly policy: MirrorPolicy;
}

/** A value that one policy gives to a field. */
export interface Setting {
  readonly value: unknown;
  readonly origin: FieldOrigin;
}

/** For how long the mirror must be open before a promotion. */
export interface MinMirrorTime {
  readonly milliseconds: number;
  /** As a policy has it. */
  readonly written: string;
  readonly origin: FieldOrigin;
}

export interface EffectivePolicy extends RoutingPolicy {
  readonly router: Router;
  /** Its name, as `routing.api` has it. */
  readonly api: string;
  /** The outermost folder whose policies count; `.` unless a flag or a parameter leaves the outer ones out. */
  readonly root: string;
  /** False: a policy cannot be read, and it may set more. */
  readonly isWhole: boolean;
  /** 0 to 100. */
  readonly mirrorPercentage: number;
  readonly gate: 'Status' | 'None';
  /** The nearest one, as a whole. Undefined: mirrors open at mirrorPercentage at once. */
  readonly ramp: Ramp | undefined;
  /** That of the nearest policy with checks or a share, as a whole. Undefined: nothing is compared. */
  readonly analysis: Analysis | undefined;
  /** Which policies want every candidate to have an analysis. */
  readonly requireAnalysis: readonly FieldOrigin[];
  /** The longest one; undefined: there is none. */
  readonly minMirrorTime: MinMirrorTime | undefined;
  /** The Service that serves the versions, as far as policies set it; otherwise the serving mode's. */
  readonly service: { readonly host: string | undefined; readonly port: number | undefined };
  readonly serving: { readonly allowRawDeployment: boolean };
  /** Go duration; undefined: no limit. */
  readonly timeout: string | undefined;
  /** Go duration. */
  readonly mirrorTimeout: string;
  /** To a candidate, from each Pod of the mirror gateway. */
  readonly maxCopiesInFlight: number;
  /** A storageUri must begin with one prefix of every list. */
  readonly storageUriPrefixes: readonly { readonly prefixes: readonly string[]; readonly origin: FieldOrigin }[];
  readonly patches: readonly PlacedPatch[];
  /** All values that policies set for a field, from the outermost to the nearest, overridden ones too. */
  readonly settings: ReadonlyMap<string, readonly Setting[]>;
}

/** The fields of `limits`: every one that is written holds. */
const limitFields = [
  'limits.maxMirrorPercentage',
  'limits.storageUriPrefixes',
  'limits.requireAnalysis',
  'limits.minMirrorTime',
] as const;

/** Each field that a nearer policy replaces as a whole. */
export const replacedFields = [
  'mirrorPercentage',
  'gate',
  'analysis',
  'analysis.comparer.service',
  'analysis.comparer.port',
  'ramp',
  'routing.api',
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
  'routing.mirrorGateway.tls',
  'routing.mirrorGateway.port',
  'routing.service.host',
  'routing.service.port',
  'routing.timeout',
  'routing.mirrorTimeout',
  'routing.maxCopiesInFlight',
  'serving.allowRawDeployment',
] as const;

type PolicyField = (typeof replacedFields)[number] | (typeof limitFields)[number];

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
  const settings = new Map<PolicyField, readonly Setting[]>();
  const patches: PlacedPatch[] = [];
  for (const level of levels) {
    const setHere = new Map<PolicyField, FieldOrigin>();
    for (const { source, policy } of level) {
      for (const field of [...replacedFields, ...limitFields]) {
        const path = ['spec', ...field.split('.')];
        const value = field === 'analysis' ? withoutComparer(policy.spec.analysis) : valueAt(policy, path);
        if (value === undefined) continue;
        const origin = { source, path };
        const earlier = setHere.get(field);
        if (earlier !== undefined && !field.startsWith('limits.')) problems.push(toConflict(field, earlier, origin));
        setHere.set(field, origin);
        settings.set(field, [...(settings.get(field) ?? []), { value, origin }]);
      }
      for (const [i, patch] of (policy.spec.patches ?? []).entries())
        patches.push({ patch, origin: { source, path: ['spec', 'patches', i] } });
    }
  }

  const nearest = (field: PolicyField) => settings.get(field)?.at(-1);
  const set = <T>(field: PolicyField, otherwise: T) => (nearest(field)?.value as T) ?? otherwise;
  /** Those of the fields that policies set, by the last part of their names. */
  const findSet = (fields: readonly PolicyField[]) =>
    Object.fromEntries(
      fields.flatMap((field) => {
        const value = nearest(field)?.value ?? undefined;
        return value === undefined ? [] : [[field.slice(field.lastIndexOf('.') + 1), value]];
      }),
    );
  const api = nearest('routing.api');
  const router = (api && findRouter(String(api.value))) ?? routers[0];
  const clusterDomain = set('routing.clusterDomain', 'cluster.local');
  const findGateway = (field: 'gateway' | 'mirrorGateway'): Partial<GatewayChoice> =>
    findSet([
      `routing.${field}.name`,
      `routing.${field}.create`,
      `routing.${field}.namespaces`,
      `routing.${field}.selector`,
      `routing.${field}.port`,
    ]);
  const gateway = findGateway('gateway');
  const mirrorGateway: Partial<MirrorGatewayChoice> = {
    ...findGateway('mirrorGateway'),
    ...findSet(['routing.mirrorGateway.service', 'routing.mirrorGateway.tls']),
  };
  const defaults = router.toDefaults(clusterDomain, mirrorGateway);
  const ramp = toRamp(nearest('ramp')?.value as WrittenRamp | undefined);
  const analysis = toAnalysis(nearest('analysis')?.value as WrittenAnalysis | undefined, ramp);
  const policy: EffectivePolicy = {
    router,
    api: router.name,
    root,
    isWhole,
    mirrorPercentage: set('mirrorPercentage', 100),
    gate: set<'Status' | 'None'>('gate', 'Status'),
    ramp,
    analysis,
    comparer: analysis && {
      service: set('analysis.comparer.service', `model-mirror-comparer.model-mirror.svc.${clusterDomain}`),
      port: set('analysis.comparer.port', 80),
    },
    requireAnalysis: (settings.get('limits.requireAnalysis') ?? []).flatMap(({ value, origin }) =>
      value === true ? [origin] : [],
    ),
    minMirrorTime: toLongest(settings.get('limits.minMirrorTime') ?? []),
    hosts: set<readonly string[]>('routing.hosts', []),
    clusterDomain,
    gateway: { ...defaults.gateway, ...gateway },
    mirrorGateway: { ...defaults.mirrorGateway, ...mirrorGateway },
    service: {
      host: set<string | undefined>('routing.service.host', undefined),
      port: set<number | undefined>('routing.service.port', undefined),
    },
    serving: { allowRawDeployment: set('serving.allowRawDeployment', false) },
    timeout: set<string | undefined>('routing.timeout', undefined),
    mirrorTimeout: set('routing.mirrorTimeout', '2s'),
    maxCopiesInFlight: set('routing.maxCopiesInFlight', 10),
    storageUriPrefixes: (settings.get('limits.storageUriPrefixes') ?? []).map(({ value, origin }) => ({
      prefixes: value as readonly string[],
      origin,
    })),
    patches,
    origins: new Map([...settings].flatMap(([field, values]) => values.slice(-1).map(({ origin }) => [field, origin]))),
    settings,
  };
  const origin = nearest('mirrorPercentage')?.origin;
  const limits = (settings.get('limits.maxMirrorPercentage') ?? []).map((limit) => ({
    percentage: limit.value as number,
    origin: limit.origin,
  }));
  const [limit] = limits.toSorted((a, b) => a.percentage - b.percentage);
  if (limit !== undefined && policy.mirrorPercentage > limit.percentage && (isWhole || origin !== undefined))
    problems.push(toOverLimit(policy.mirrorPercentage, origin, limit));
  problems.push(
    ...checkShare(nearest('analysis'), policy.mirrorPercentage),
    ...checkRamp(nearest('ramp'), { limit, analysis, written: nearest('analysis'), isWhole }),
    ...checkRouterName(api),
    ...checkSupport(router, policy.origins),
    ...checkPatchedKinds(router, patches),
  );
  problems.push(...router.checkPolicy(policy));
  return { policy, problems };
}

function toLongest(limits: readonly Setting[]): MinMirrorTime | undefined {
  const all = limits.map(({ value, origin }): MinMirrorTime => {
    const written = String(value);
    return { milliseconds: Number(toMilliseconds(written)), written, origin };
  });
  return all.toSorted((a, b) => b.milliseconds - a.milliseconds)[0];
}

function toConflict(field: PolicyField, earlier: FieldOrigin, later: FieldOrigin): Problem {
  return toProblem(later.source, later.path, {
    code: 'policy-conflict',
    message: safe`spec.${field} is also set by ${mask(earlier.source.path)}, which holds for the same folder`,
    hint: safe`set it in one of the two files`,
  });
}

function toOverLimit(
  percentage: number,
  origin: FieldOrigin | undefined,
  limit: { readonly percentage: number; readonly origin: FieldOrigin },
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
