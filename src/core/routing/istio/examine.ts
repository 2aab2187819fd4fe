/**
 * Whether copies get to the mirror gateway and on to candidates, and whether clients are safe while they do. What must
 * be so was measured on Istio 1.31 and Envoy 1.40; docs/how-it-works.md has the numbers.
 */

import { toFieldText } from '../../diagnostics/problem.ts';
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import { locate } from '../../input/yaml-place.ts';
import type { Diagnosis, Evidence, ExaminedModel, Examiner, ObjectList, ResourceQuery } from '../examination.ts';
import { diagnosisCodes, diagnosisSeverities } from '../examination.ts';
import { examineBodyLimit } from './examine-body-limit.ts';
import { examineComparer, toComparerPaths } from './examine-comparer.ts';
import { examineConnection, examineWindow } from './examine-connection.ts';
import { examineGateway } from './examine-gateway.ts';
import { examineOwnServices } from './examine-own-services.ts';
import { examineAuthorization, examineRoutes } from './examine-routes.ts';
import { examineService } from './examine-service.ts';
import { examineStatistics, toRequests } from './examine-statistics.ts';
import { compare, LiveObjects, resources, rootNamespace } from './live-objects.ts';
import type { MirrorPath } from './mirror-path.ts';
import { diagnose, sortModels, toInstallCure, toMirrorPaths } from './mirror-path.ts';

export const istioExaminer: Examiner = {
  toQueries,
  toStatisticsRequests: (models, lists) => {
    const live = new LiveObjects(lists);
    const requests = toMirrorPaths(models).flatMap((path) => {
      const found = examineService(path, live).live;
      return found === undefined ? [] : toRequests(found, live);
    });
    return [...new Map(requests.map((request) => [JSON.stringify(request), request])).values()];
  },
  examine,
  examinePolicies: (models) => sortDiagnoses(toMirrorPaths(models).flatMap(examinePolicy)),
};

function toQueries(models: readonly ExaminedModel[]): ResourceQuery[] {
  const paths = toMirrorPaths(models);
  const unique = (texts: readonly string[]) => [...new Set(texts)].sort(compare);
  const services = unique(paths.flatMap(({ service }) => service?.namespace ?? []));
  const comparers = toComparerPaths(models).map(({ namespace }) => namespace);
  const own = models.filter((model) => model.services.length > 0).map(({ namespace }) => namespace);
  const around = unique([
    ...services,
    ...comparers,
    rootNamespace,
    ...paths.map(({ gateway }) => gateway.namespace),
    ...models.map(({ namespace }) => namespace),
  ]);
  const publicGateways = new Map(models.map(({ policy }) => [JSON.stringify(policy.gateway.selector), policy.gateway]));
  const inEach = (resource: keyof typeof resources, namespaces: readonly string[]): ResourceQuery[] =>
    namespaces.map((namespace) => ({ resource: resources[resource], namespace }));
  const everywhere = (resource: keyof typeof resources): ResourceQuery => ({
    ...{ resource: resources[resource], namespace: undefined, otherwise: around },
  });
  return [
    ...inEach('service', unique([...services, ...own, ...comparers])),
    ...inEach('pod', unique([...services, ...own])),
    ...[...publicGateways.values()].map(({ selector }) => ({ ...everywhere('pod'), labels: selector })),
    everywhere('gateway'),
    everywhere('destinationRule'),
    everywhere('virtualService'),
    ...inEach('envoyFilter', unique([...services, rootNamespace])),
    ...inEach('authorizationPolicy', unique([...services, rootNamespace])),
    ...inEach('peerAuthentication', unique([...services, rootNamespace])),
  ];
}

function examine(models: readonly ExaminedModel[], { lists, statistics }: Evidence): Diagnosis[] {
  const live = new LiveObjects(lists);
  return sortDiagnoses([
    ...examineLists(lists, models),
    ...models.flatMap((model) => examineOwnServices(model, live)),
    ...toComparerPaths(models).flatMap((path) => examineComparer(path, live)),
    ...toMirrorPaths(models).flatMap((path) => {
      const { live: found, diagnoses } = examineService(path, live);
      return [
        ...diagnoses,
        ...examineRoutes(path, live),
        ...(found === undefined
          ? []
          : [
              ...examineGateway(found, live),
              ...examineConnection(found, live),
              ...examineWindow(found, live),
              // Through other gateways go other requests, too, which it would refuse.
              ...(found.isOurs ? examineBodyLimit(found, safe`copies`, toInstallCure(found, safe``), live) : []),
              ...examineAuthorization(found, live),
              ...examineStatistics(found, live, statistics),
            ]),
      ];
    }),
  ]);
}

/** One for each kind, however many namespaces were refused. */
function examineLists(lists: readonly ObjectList[], models: readonly ExaminedModel[]): Diagnosis[] {
  return Object.values(resources).flatMap((resource) => {
    const own = lists.filter((list) => list.resource.kind === resource.kind);
    const refused = own.filter(({ failure }) => failure?.code === 'refused');
    const [first] = refused;
    if (first?.failure === undefined) return [];
    const toNames = (some: readonly ObjectList[]) => [...new Set(some.flatMap(({ namespace }) => namespace ?? []))];
    const read = toNames(own.filter((list) => !refused.includes(list)));
    const namespaces = refused.some(({ namespace }) => namespace === undefined) ? read : toNames(refused);
    const shown = join(namespaces.map(mask), ', ');
    const scope =
      namespaces.length === 0 ? safe`` : namespaces === read ? safe` outside of ${shown}` : safe` in ${shown}`;
    return [
      diagnose(
        { models },
        'not-listed',
        'note',
        { code: 'object', kind: resource.kind, namespace: undefined, name: undefined },
        {
          reason: safe`${mask(resource.plural)}${scope} cannot be listed, so they are not examined: ${first.failure.message}`,
          cure: safe`ask for the right to list them, or try another --context`,
          details: { plural: resource.plural },
        },
      ),
    ];
  });
}

const fields = ['tls', 'service', 'name', 'port', 'selector', 'create'] as const;

/** What shows without the cluster: the parts of our own mirror gateway are known, those of another are not. */
function examinePolicy(path: MirrorPath): Diagnosis[] {
  const { choice, isOurs, models } = path;
  const [origin] = models.flatMap(({ policy }) =>
    fields.flatMap((field) => policy.origins.get(`routing.mirrorGateway.${field}`) ?? []),
  );
  if (origin === undefined) return [];
  const subject = {
    code: 'field',
    place: locate(origin.source, origin.path, 'value'),
    field: toFieldText(origin.path),
  } as const;
  return [
    ...(choice.tls === 'None'
      ? [
          diagnose(path, 'clear-text', 'warning', subject, {
            reason: safe`copies are sent to ${mask(choice.service)} in clear text: whoever reaches its port ${choice.port} can read them and gets the candidates' responses`,
            cure: isOurs
              ? safe`remove routing.mirrorGateway.tls`
              : safe`use the mirror gateway of plugin/chart, which has TLS, by removing routing.mirrorGateway`,
            details: { port: choice.port },
          }),
        ]
      : []),
    ...(isOurs
      ? []
      : [
          diagnose(path, 'limits-unknown', 'warning', subject, {
            reason: safe`copies are sent to ${mask(choice.service)}, whose limits are not known: without them, clients' requests wait if it hangs`,
            cure: safe`check it with ${mask('`model-mirror doctor --live`')}; egressGatewayLimits of plugin/chart has the limits for istio-egressgateway`,
            details: { service: choice.service },
          }),
        ]),
  ];
}

/** The worst first; what several Gateways of one Service have in common is one diagnosis. */
function sortDiagnoses(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const merged = new Map<string, Diagnosis>();
  for (const one of diagnoses) {
    const key = JSON.stringify([one.code, one.severity, one.subject, one.reason]);
    const known = merged.get(key);
    const models = known === undefined ? one.models : sortModels([...known.models, ...one.models]);
    merged.set(key, { ...one, models });
  }
  const toRank = ({ severity, code }: Diagnosis) =>
    diagnosisSeverities.indexOf(severity) * diagnosisCodes.length + diagnosisCodes.indexOf(code);
  return [...merged.values()].sort((a, b) => toRank(a) - toRank(b) || compare(a.reason, b.reason));
}
