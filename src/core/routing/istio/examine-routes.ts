/** Whether the mirror gateway forwards copies to candidates, and whether policies let it. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Diagnosis, DiagnosisSeverity, ExaminedModel } from '../examination.ts';
import { toServiceKey } from '../service-key.ts';
import type { Mirrored } from '../traffic.ts';
import type { LiveObject, LiveObjects, NamespacedName, Pod } from './live-objects.ts';
import { isSubset, rootNamespace, textsAt, toKey, toMap, toNamedSubject, toShown, toSubject } from './live-objects.ts';
import type { LivePath, MirrorPath } from './mirror-path.ts';
import { diagnose, findPublicPods, toFullName } from './mirror-path.ts';
import { read } from './read.ts';
import { toMirrorName } from './render.ts';

export function examineRoutes(path: MirrorPath, live: LiveObjects): Diagnosis[] {
  const claims = new Map<string, LiveObject[]>();
  for (const route of live.list('virtualService'))
    if (isBoundTo(route, path.gateway))
      for (const host of textsAt(route.spec, ['hosts'])) claims.set(host, [...(claims.get(host) ?? []), route]);
  return path.models.flatMap((model) => [
    ...examineStrays(path, model, live),
    ...(model.hasCandidate
      ? [
          ...(live.isKnown('virtualService', model.namespace) ? examineRoute(path, model, claims, live) : []),
          ...examineCandidateLimit(path, model, live),
        ]
      : []),
  ]);
}

/** Copies that are rendered for no policy: whoever added them gets the clients' requests, and the status may not show it. */
function examineStrays(path: MirrorPath, model: ExaminedModel, live: LiveObjects): Diagnosis[] {
  const { namespace, policy } = model;
  const route = live.find('virtualService', model);
  if (route === undefined) return [];
  const { requests, strays = [] } = read([route.value]);
  const toAddress = ({ service, port }: { readonly service: string; readonly port: number }) =>
    `${toServiceKey(service, namespace)}:${port}`;
  const isKnown = (to: Mirrored, choice: Parameters<typeof toAddress>[0] | undefined) =>
    choice !== undefined && toAddress({ service: to.host, port: to.port }) === toAddress(choice);
  const { mirror, sample } = requests ?? {};
  const others = [
    ...(mirror === undefined || isKnown(mirror, policy.mirrorGateway) ? [] : [mirror]),
    ...(sample === undefined || isKnown(sample, policy.comparer) ? [] : [sample]),
    ...strays,
  ];
  return others.map(({ host, port, percentage }) =>
    diagnose(path, 'copies-elsewhere', 'error', toSubject(route), {
      reason: safe`the VirtualService ${toShown(route)} sends copies of ${percentage} % of the requests to ${quote(`${host}:${port}`)}, and nothing in git asks for them`,
      cure: safe`let Argo CD sync the model, and find out who else changes the object`,
      details: { host, port, percentage },
      models: [model],
    }),
  );
}

/** With one of ten candidates hanging, 39 % of the others' copies arrived without it, and all of them with it (executed). */
function examineCandidateLimit(path: MirrorPath, model: ExaminedModel, live: LiveObjects): Diagnosis[] {
  const name = { namespace: model.namespace, name: toMirrorName(model.name) };
  if (!live.isKnown('destinationRule', model.namespace) || live.find('destinationRule', name) !== undefined) return [];
  return [
    diagnose(path, 'candidate-limit-missing', 'warning', toNamedSubject('destinationRule', name), {
      reason: safe`the DestinationRule ${toShown(name)}, which limits copies in flight to the candidate, does not exist: a candidate that hangs takes the places of other models' copies`,
      cure: safe`check the Application in Argo CD, which should have created it`,
      models: [model],
    }),
  ];
}

/** @param claims the routes at the mirror gateway, by host. */
function examineRoute(
  path: MirrorPath,
  model: ExaminedModel,
  claims: ReadonlyMap<string, readonly LiveObject[]>,
  live: LiveObjects,
): Diagnosis[] {
  const { gateway } = path;
  const name = { namespace: model.namespace, name: toMirrorName(model.name) };
  const route = live.find('virtualService', name);
  // Nothing arrives while the mirror is closed.
  const requests = live.find('virtualService', model);
  const severity: DiagnosisSeverity =
    requests !== undefined && read([requests.value]).requests?.mirror !== undefined ? 'error' : 'warning';
  const models = [model];
  const subject = toNamedSubject('virtualService', name);
  if (route === undefined)
    return [
      diagnose(path, 'route-missing', severity, subject, {
        reason: safe`the VirtualService ${toShown(name)}, which forwards copies to the candidate, does not exist: the mirror gateway answers copies with 404`,
        cure: safe`check the Application in Argo CD, which should have created it`,
        models,
      }),
    ];
  if (!isBoundTo(route, gateway))
    return [
      diagnose(path, 'route-other-gateway', severity, subject, {
        reason: safe`the VirtualService ${toShown(name)} is not bound to the Gateway ${toShown(gateway)}, at which copies arrive: the mirror gateway answers them with 404`,
        cure: safe`check in Argo CD that the Application is synced, and that no patch changes its gateways`,
        details: { bound: textsAt(route.spec, ['gateways']).join(' '), gateway: toKey(gateway) },
        models,
      }),
    ];
  const other = ['*', ...model.hosts].flatMap((host) => claims.get(host) ?? []).find((one) => one !== route);
  if (other === undefined) return [];
  return [
    diagnose(path, 'route-conflict', severity, toSubject(other), {
      reason: safe`the VirtualServices ${toShown(route)} and ${toShown(other)} claim the same host at the Gateway ${toShown(gateway)}: copies may go to the wrong place`,
      cure: safe`remove ${toShown(other)}, or the host from it`,
      details: { route: toKey(route), other: toKey(other) },
      models,
    }),
  ];
}

function isBoundTo({ namespace, spec }: LiveObject, gateway: NamespacedName): boolean {
  return textsAt(spec, ['gateways']).some((name) => toKey(toFullName(name, namespace)) === toKey(gateway));
}

/** Who sends copies, as far as it shows in its certificate. */
type Identity = { readonly namespace: string; readonly serviceAccount: string } | undefined;

/**
 * Policies that let nobody send copies. A policy by identity refuses everybody where clients have none, which is so in
 * clear text (executed: 0 of 1,000 copies). CUSTOM and DENY come before ALLOW, and AUDIT decides nothing (Istio's
 * "Authorization Policy", `action`).
 */
export function examineAuthorization(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { pods, server, service } = path;
  if (server === undefined || !live.isKnown('authorizationPolicy', service.namespace)) return [];
  const policies = [service.namespace, rootNamespace].flatMap((namespace) =>
    live.list('authorizationPolicy', namespace).filter((policy) => isOf(policy, pods)),
  );
  const of = (action: string) => policies.filter(({ spec }) => (textAt(spec, ['action']) ?? 'ALLOW') === action);
  const senders: readonly Identity[] = server.tls === 'none' ? [undefined] : findPublicPods(path, live);
  return [
    ...of('DENY').flatMap((policy) => examineDenial(path, policy, senders)),
    ...of('CUSTOM').map((policy) => toNotJudged(path, policy, safe`asks another service whether copies are admitted`)),
    ...examineAdmission(path, of('ALLOW'), senders),
  ];
}

function examineDenial(path: LivePath, policy: LiveObject, senders: readonly Identity[]): Diagnosis[] {
  const rules = mapsAt(policy.spec, ['rules']);
  const verdicts = rules.flatMap((rule) => senders.map((sender) => ({ sender, denies: isDenied(rule, sender) })));
  const refused = verdicts.find(({ denies }) => denies === true);
  if (refused === undefined)
    return verdicts.some(({ denies }) => denies === undefined)
      ? [toNotJudged(path, policy, safe`may refuse copies, by conditions that are not examined`)]
      : [];
  const { sender } = refused;
  const who = sender === undefined ? safe`in clear text` : safe`of ${toSenderText(sender)}`;
  return [
    diagnose(path, 'copies-refused', 'error', toSubject(policy), {
      reason: safe`the AuthorizationPolicy ${toShown(policy)} denies requests ${who}: these copies are refused`,
      cure: safe`leave the public gateways, and clients with a sidecar, out of its rules`,
    }),
  ];
}

function toNotJudged(path: LivePath, policy: LiveObject, what: SafeText): Diagnosis {
  return diagnose(path, 'not-judged', 'note', toSubject(policy), {
    reason: safe`the AuthorizationPolicy ${toShown(policy)} ${what}: whether they arrive is not known from it`,
    cure: safe`compare what the public gateway sends with what arrives, as docs/operations.md shows`,
  });
}

/** @param policies with action ALLOW. */
function examineAdmission(path: LivePath, policies: readonly LiveObject[], senders: readonly Identity[]): Diagnosis[] {
  const [first] = policies;
  if (first === undefined) return [];
  const admits = (sender: Identity) =>
    policies.some(({ spec }) => mapsAt(spec, ['rules']).some((rule) => isAdmitted(rule, sender)));
  const refused = senders.filter((sender) => !admits(sender));
  if (refused.length === 0) return [];
  const [sender] = refused;
  return [
    diagnose(path, 'copies-refused', 'error', toSubject(first), {
      reason:
        sender === undefined
          ? safe`the AuthorizationPolicy ${toShown(first)} admits clients by their certificates, and in clear text they have none: it refuses all copies`
          : safe`the AuthorizationPolicy ${toShown(first)} does not admit the public gateway (${toSenderText(sender)}): its copies are refused`,
      cure:
        sender === undefined
          ? safe`use TLS (routing.mirrorGateway.tls: IstioMutual), or remove the policy`
          : safe`add its namespace, and those of clients with a sidecar, to the policy`,
    }),
  ];
}

function toSenderText({ namespace, serviceAccount }: NonNullable<Identity>): SafeText {
  return safe`${mask(serviceAccount)} in ${mask(namespace)}`;
}

/** Undefined: it depends on more than who sends a copy. */
function isDenied(rule: unknown, sender: Identity): boolean | undefined {
  const sources = mapsAt(rule, ['from']);
  const isByName = sources.every(({ source }) =>
    Object.keys(toMap(source)).every((field) => field === 'namespaces' || field === 'principals'),
  );
  if (!isByName) return undefined;
  if (!isAdmitted(rule, sender)) return false;
  return ['to', 'when'].every((field) => mapsAt(rule, [field]).length === 0) ? true : undefined;
}

function isOf({ spec }: LiveObject, pods: readonly Pod[]): boolean {
  // A policy for a waypoint or a Service is none for Pods.
  if (valueAt(spec, ['targetRefs']) !== undefined || valueAt(spec, ['targetRef']) !== undefined) return false;
  return pods.some(({ labels }) => isSubset(valueAt(spec, ['selector', 'matchLabels']), labels));
}

/** Only `from` is read; what a rule demands beside it may be given. */
function isAdmitted(rule: unknown, sender: Identity): boolean {
  const sources = mapsAt(rule, ['from']);
  return sources.length === 0 || sources.some(({ source }) => isSource(source, sender));
}

function isSource(source: unknown, sender: Identity): boolean {
  const namespaces = textsAt(source, ['namespaces']);
  const principals = textsAt(source, ['principals']);
  if (namespaces.length === 0 && principals.length === 0) return true;
  if (sender === undefined) return false;
  const principal = `/ns/${sender.namespace}/sa/${sender.serviceAccount}`;
  return (
    (namespaces.length === 0 || namespaces.some((one) => matches(sender.namespace, one))) &&
    (principals.length === 0 || principals.some((one) => isPrincipal(principal, one)))
  );
}

/** @param principal without the trust domain, which is the mesh's. */
function isPrincipal(principal: string, pattern: string): boolean {
  const start = pattern.startsWith('*') ? 0 : pattern.indexOf('/');
  return start < 0 ? pattern.endsWith('*') : matches(principal, pattern.slice(start));
}

function matches(text: string, pattern: string): boolean {
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
