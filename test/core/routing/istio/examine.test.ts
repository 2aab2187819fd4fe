import test from 'ava';
import type { DiagnosisSeverity } from '../../../../src/core/routing/examination.ts';
import { istioExaminer } from '../../../../src/core/routing/istio/examine.ts';
import type { TestObject } from './installation.ts';
import {
  answer,
  find,
  readAuthorization,
  readInstalled,
  toFiles,
  toHealthyCluster,
  toModels,
  toPod,
} from './installation.ts';

/** Code, severity, and the models if they are not all. */
type Expected = readonly [code: string, severity: DiagnosisSeverity, subject: string, models?: string];

function examine(objects: readonly TestObject[], policy?: string): Expected[] {
  const models = toModels(toFiles(policy));
  const lists = istioExaminer.toQueries(models).map((query) => answer(objects, query));
  const diagnoses = istioExaminer.examine(models, { lists, statistics: [] });
  return diagnoses.map(({ code, severity, subject, models: concerned }) => {
    const about = subject.code === 'object' ? `${subject.kind} ${subject.namespace}/${subject.name}` : subject.field;
    const names = concerned.map(({ name }) => name).join();
    return names === 'wisdom,folly' ? [code, severity, about] : [code, severity, about, names];
  });
}

const service = 'Service model-mirror/model-mirror-gateway';
const clientsFilter = 'model-mirror-gateway-clients';
const gateway = 'Gateway model-mirror/model-mirror-gateway';
const rule = 'DestinationRule model-mirror/model-mirror-gateway';

const clearText = '{gate: None, routing: {mirrorGateway: {tls: None}}}';

/** What components/clear-text does. */
function addClearText(objects: TestObject[]): void {
  find(objects, 'Gateway', 'model-mirror-gateway').spec.servers.push({
    port: { number: 80, name: 'http2', protocol: 'HTTP2' },
    hosts: ['*/*'],
  });
}

function remove(objects: TestObject[], kind: string, name: string): void {
  objects.splice(objects.indexOf(find(objects, kind, name)), 1);
}

const ruleOf = (objects: TestObject[]) => find(objects, 'DestinationRule', 'model-mirror-gateway');
const gatewayOf = (objects: TestObject[]) => find(objects, 'Gateway', 'model-mirror-gateway');
const podsOf = (objects: TestObject[]) =>
  objects.filter(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'model-mirror');

function toObject(
  kind: string,
  namespace: string,
  name: string,
  spec: unknown,
  apiVersion = 'networking.istio.io/v1',
): TestObject {
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

function toPolicy(action: string, rules: readonly object[]): TestObject {
  return toObject('AuthorizationPolicy', 'model-mirror', 'other', { action, rules }, 'security.istio.io/v1');
}

const tlsServer = {
  port: { number: 443, name: 'https', protocol: 'HTTPS' },
  tls: { mode: 'ISTIO_MUTUAL' },
  hosts: ['models/*'],
};

interface Case {
  readonly change: (objects: TestObject[]) => void;
  readonly expected: readonly Expected[];
  readonly policy?: string;
}

const cases: Readonly<Record<string, Case>> = {
  'nothing is changed': { change: () => {}, expected: [] },
  'the Service is missing': {
    change: (all) => remove(all, 'Service', 'model-mirror-gateway'),
    expected: [['service-missing', 'error', service]],
  },
  'the policy names the Service by a host that Istio does not complete': {
    policy: '{gate: None, routing: {mirrorGateway: {service: model-mirror-gateway.model-mirror.svc}}}',
    change: () => {},
    expected: [['service-missing', 'error', service]],
  },
  'the policy names the Service with the domain of the cluster, which no other field has': {
    policy: '{gate: None, routing: {mirrorGateway: {service: model-mirror-gateway.model-mirror.svc.k8s.lab}}}',
    change: (all) => {
      const host = 'model-mirror-gateway.model-mirror.svc.k8s.lab';
      ruleOf(all).spec.host = host;
      for (const { match } of find(all, 'EnvoyFilter', clientsFilter).spec.configPatches) match.cluster.service = host;
    },
    expected: [],
  },
  'the Service has no port 443': {
    change: (all) => find(all, 'Service', 'model-mirror-gateway').spec.ports.pop(),
    expected: [['port-missing', 'error', service]],
  },
  'the port is named https, and nothing upgrades it': {
    change: (all) => {
      const [, port] = find(all, 'Service', 'model-mirror-gateway').spec.ports;
      port.name = 'https';
      delete port.appProtocol;
      delete ruleOf(all).spec.trafficPolicy.portLevelSettings[0].connectionPool.http.h2UpgradePolicy;
    },
    expected: [['port-protocol', 'error', service]],
  },
  'the port is named https, and the DestinationRule upgrades it': {
    change: (all) => {
      const [, port] = find(all, 'Service', 'model-mirror-gateway').spec.ports;
      port.name = 'https';
      delete port.appProtocol;
    },
    expected: [],
  },
  'nothing upgrades a port that is HTTP/2 by its appProtocol': {
    change: (all) => {
      delete ruleOf(all).spec.trafficPolicy.portLevelSettings[0].connectionPool.http.h2UpgradePolicy;
    },
    expected: [],
  },
  'the Service selects other Pods': {
    change: (all) => {
      find(all, 'Service', 'model-mirror-gateway').spec.selector = { istio: 'egressgateway' };
    },
    expected: [['no-pods', 'error', service]],
  },
  'no Pod is ready': {
    change: (all) => {
      for (const pod of podsOf(all)) pod['status'] = { phase: 'Pending' };
    },
    expected: [['no-ready-pod', 'error', service]],
  },
  'one of two Pods is being deleted': {
    change: (all) => {
      const [pod] = podsOf(all);
      if (pod !== undefined) pod.metadata['deletionTimestamp'] = '2026-11-26T08:00:00Z';
    },
    expected: [['single-pod', 'warning', service]],
  },
  'the public gateway has the same Pods': {
    policy: '{gate: None, routing: {gateway: {selector: {shared: "yes"}}}}',
    change: (all) => {
      for (const pod of podsOf(all)) pod.metadata.labels = { ...pod.metadata.labels, shared: 'yes' };
    },
    expected: [['public-gateway-pods', 'error', 'Pod model-mirror/mirror-a']],
  },
  'no Pod has the labels of the public gateway': {
    change: (all) => {
      find(all, 'Pod', 'ingress').metadata.labels = { istio: 'ingress' };
    },
    expected: [['statistics-unread', 'note', 'Pod undefined/undefined']],
  },
  'the Gateway is missing': {
    change: (all) => remove(all, 'Gateway', 'model-mirror-gateway'),
    expected: [['gateway-missing', 'error', gateway]],
  },
  'the Gateway selects other Pods': {
    change: (all) => {
      gatewayOf(all).spec.selector = { istio: 'egressgateway' };
    },
    expected: [['gateway-other-pods', 'error', gateway]],
  },
  'the Gateway serves another port': {
    change: (all) => {
      gatewayOf(all).spec.servers[0].port.number = 444;
    },
    expected: [['server-missing', 'error', gateway]],
  },
  'the Gateway names the port that its Pods listen on': {
    change: (all) => {
      gatewayOf(all).spec.servers[0].port.number = 8443;
    },
    expected: [],
  },
  'the Gateway admits one namespace': {
    change: (all) => {
      gatewayOf(all).spec.servers[0].hosts = ['other/*'];
    },
    expected: [['namespace-not-admitted', 'error', gateway, 'wisdom']],
  },
  'the Gateway admits its own namespace': {
    change: (all) => {
      gatewayOf(all).spec.servers[0].hosts = ['./*'];
    },
    expected: [['namespace-not-admitted', 'error', gateway]],
  },
  'the Gateway admits both namespaces by name': {
    change: (all) => {
      gatewayOf(all).spec.servers[0].hosts = ['other/*', 'models/*'];
    },
    expected: [],
  },
  'another Gateway with TLS has the same Pods': {
    change: (all) =>
      all.push(
        toObject('Gateway', 'models', 'mine', { selector: { istio: 'model-mirror-gateway' }, servers: [tlsServer] }),
      ),
    expected: [['gateway-conflict', 'error', 'Gateway models/mine']],
  },
  'another Gateway without TLS has the same Pods and port': {
    change: (all) =>
      all.push(
        toObject('Gateway', 'models', 'mine', {
          selector: { istio: 'model-mirror-gateway' },
          servers: [{ ...tlsServer, tls: undefined, port: { number: 443, protocol: 'HTTP2', name: 'x' } }].map(
            ({ tls: _, ...server }) => server,
          ),
        }),
      ),
    expected: [['gateway-conflict', 'error', 'Gateway models/mine']],
  },
  'another Gateway with TLS has other Pods': {
    change: (all) =>
      all.push(toObject('Gateway', 'models', 'mine', { selector: { istio: 'other' }, servers: [tlsServer] })),
    expected: [],
  },
  'only clients use TLS': {
    change: (all) => {
      delete gatewayOf(all).spec.servers[0].tls;
    },
    expected: [['tls-one-sided', 'error', rule]],
  },
  'only the Gateway uses TLS': {
    change: (all) => {
      delete ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls;
    },
    expected: [['tls-one-sided', 'error', rule]],
  },
  'TLS is set for the host, and settings of the port replace it': {
    change: (all) => {
      const policy = ruleOf(all).spec.trafficPolicy;
      policy.tls = policy.portLevelSettings[0].tls;
      delete policy.portLevelSettings[0].tls;
    },
    expected: [['tls-one-sided', 'error', rule]],
  },
  'the label of the Pods turns TLS on': {
    change: (all) => {
      delete ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls;
      for (const { metadata } of podsOf(all))
        metadata.labels = { ...metadata.labels, 'security.istio.io/tlsMode': 'istio' };
    },
    expected: [],
  },
  'the label of the Pods turns TLS on, and a PeerAuthentication off': {
    change: (all) => {
      delete ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls;
      for (const { metadata } of podsOf(all))
        metadata.labels = { ...metadata.labels, 'security.istio.io/tlsMode': 'istio' };
      all.push(
        toObject(
          'PeerAuthentication',
          'istio-system',
          'default',
          { mtls: { mode: 'DISABLE' } },
          'security.istio.io/v1',
        ),
      );
    },
    expected: [['tls-one-sided', 'error', rule]],
  },
  'the label of the Pods turns TLS on, and the Gateway does not use it': {
    policy: clearText,
    change: (all) => {
      addClearText(all);
      for (const { metadata } of podsOf(all))
        metadata.labels = { ...metadata.labels, 'security.istio.io/tlsMode': 'istio' };
    },
    expected: [['tls-one-sided', 'error', rule]],
  },
  'both sides use a TLS that is not that of the mesh': {
    change: (all) => {
      gatewayOf(all).spec.servers[0].tls = { mode: 'SIMPLE', credentialName: 'x' };
      ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls = { mode: 'SIMPLE' };
    },
    expected: [],
  },
  'only clients use a TLS that is not that of the mesh': {
    change: (all) => {
      ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls = { mode: 'SIMPLE' };
    },
    expected: [['tls-one-sided', 'error', rule]],
  },
  'clients expect the certificate of somebody else': {
    change: (all) => {
      ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames = ['spiffe://cluster.local/ns/a/sa/b'];
    },
    expected: [['tls-identity', 'error', rule]],
  },
  'clients expect the certificate of the Pods': {
    change: (all) => {
      ruleOf(all).spec.trafficPolicy.portLevelSettings[0].tls.subjectAltNames = [
        'spiffe://td/ns/model-mirror/sa/model-mirror-gateway',
      ];
    },
    expected: [],
  },
  'copies go in clear text': {
    policy: clearText,
    change: addClearText,
    expected: [['clear-text', 'warning', gateway]],
  },
  'the policy wants clear text, and the Gateway does not serve it': {
    policy: clearText,
    change: () => {},
    expected: [['server-missing', 'error', gateway]],
  },
  'an AuthorizationPolicy admits the namespace of the public gateway': {
    change: (all) => all.push(...readAuthorization()),
    expected: [],
  },
  'an AuthorizationPolicy admits another namespace': {
    change: (all) => {
      all.push(...readAuthorization());
      find(all, 'AuthorizationPolicy').spec.rules[0].from[0].source.namespaces = ['clients'];
    },
    expected: [['copies-refused', 'error', 'AuthorizationPolicy model-mirror/model-mirror-gateway']],
  },
  'an AuthorizationPolicy admits the end of the name of the public gateway': {
    change: (all) => {
      all.push(...readAuthorization());
      find(all, 'AuthorizationPolicy').spec.rules[0].from[0].source = { principals: ['*/sa/istio-ingressgateway'] };
    },
    expected: [],
  },
  'an AuthorizationPolicy admits the end of another name': {
    change: (all) => {
      all.push(...readAuthorization());
      find(all, 'AuthorizationPolicy').spec.rules[0].from[0].source = { principals: ['*/sa/client'] };
    },
    expected: [['copies-refused', 'error', 'AuthorizationPolicy model-mirror/model-mirror-gateway']],
  },
  'an AuthorizationPolicy admits nobody': {
    change: (all) => all.push(toObject('AuthorizationPolicy', 'model-mirror', 'none', {}, 'security.istio.io/v1')),
    expected: [['copies-refused', 'error', 'AuthorizationPolicy model-mirror/none']],
  },
  'an AuthorizationPolicy denies everything': {
    change: (all) => all.push(toPolicy('DENY', [{}])),
    expected: [['copies-refused', 'error', 'AuthorizationPolicy model-mirror/other']],
  },
  'an AuthorizationPolicy denies the namespace of the public gateway': {
    change: (all) => all.push(toPolicy('DENY', [{ from: [{ source: { namespaces: ['istio-*'] } }] }])),
    expected: [['copies-refused', 'error', 'AuthorizationPolicy model-mirror/other']],
  },
  'an AuthorizationPolicy denies others': {
    change: (all) => all.push(toPolicy('DENY', [{ from: [{ source: { namespaces: ['strangers'] } }] }])),
    expected: [],
  },
  'an AuthorizationPolicy without a rule denies nothing': {
    change: (all) => all.push(toPolicy('DENY', [])),
    expected: [],
  },
  'an AuthorizationPolicy denies some paths': {
    change: (all) => all.push(toPolicy('DENY', [{ to: [{ operation: { paths: ['/admin'] } }] }])),
    expected: [['not-judged', 'note', 'AuthorizationPolicy model-mirror/other']],
  },
  'an AuthorizationPolicy denies some paths to others': {
    change: (all) =>
      all.push(
        toPolicy('DENY', [
          { from: [{ source: { namespaces: ['strangers'] } }], to: [{ operation: { paths: ['/'] } }] },
        ]),
      ),
    expected: [],
  },
  'an AuthorizationPolicy denies by address': {
    change: (all) => all.push(toPolicy('DENY', [{ from: [{ source: { notIpBlocks: ['10.0.0.0/8'] } }] }])),
    expected: [['not-judged', 'note', 'AuthorizationPolicy model-mirror/other']],
  },
  'an AuthorizationPolicy asks another service': {
    change: (all) => all.push(toPolicy('CUSTOM', [{}])),
    expected: [['not-judged', 'note', 'AuthorizationPolicy model-mirror/other']],
  },
  'an AuthorizationPolicy only records': { change: (all) => all.push(toPolicy('AUDIT', [{}])), expected: [] },
  'the limit of a candidate is missing': {
    change: (all) => remove(all, 'DestinationRule', 'wisdom-mirror'),
    expected: [['candidate-limit-missing', 'warning', 'DestinationRule models/wisdom-mirror', 'wisdom']],
  },
  'an AuthorizationPolicy needs certificates that clear text does not have': {
    policy: clearText,
    change: (all) => {
      addClearText(all);
      all.push(...readAuthorization());
    },
    expected: [
      ['copies-refused', 'error', 'AuthorizationPolicy model-mirror/model-mirror-gateway'],
      ['clear-text', 'warning', gateway],
    ],
  },
  'there is no DestinationRule': {
    change: (all) => remove(all, 'DestinationRule', 'model-mirror-gateway'),
    expected: [
      ['tls-one-sided', 'error', service],
      ['limit-missing', 'error', service],
    ],
  },
  'the DestinationRule is in a namespace of models': {
    change: (all) => {
      const one = ruleOf(all);
      one.metadata.namespace = 'models';
      one.spec.host = 'model-mirror-gateway.model-mirror.svc.cluster.local';
    },
    expected: [
      ['tls-one-sided', 'error', service],
      ['limit-ignored', 'error', 'DestinationRule models/model-mirror-gateway'],
    ],
  },
  'the DestinationRule is not exported': {
    change: (all) => {
      ruleOf(all).spec.exportTo = ['.'];
    },
    expected: [
      ['tls-one-sided', 'error', service],
      ['limit-ignored', 'error', rule],
    ],
  },
  'the DestinationRule limits another port only': {
    change: (all) => {
      delete ruleOf(all).spec.trafficPolicy.portLevelSettings[0].connectionPool.http.http2MaxRequests;
    },
    expected: [['limit-missing', 'error', rule]],
  },
  'the limit is none': {
    change: (all) => {
      ruleOf(all).spec.trafficPolicy.portLevelSettings[0].connectionPool.http.http2MaxRequests = 2 ** 31 - 1;
    },
    expected: [['limit-missing', 'error', rule]],
  },
  'a namespace of clients has a rule of its own for all hosts': {
    change: (all) =>
      all.push(
        toObject('DestinationRule', 'clients', 'all', {
          host: '*.local',
          trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
        }),
      ),
    expected: [['limit-missing', 'error', 'DestinationRule clients/all']],
  },
  'the root namespace demands TLS of all hosts': {
    change: (all) =>
      all.push(
        toObject('DestinationRule', 'istio-system', 'default', {
          host: '*.local',
          trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
        }),
      ),
    expected: [['mesh-wide-tls', 'warning', 'DestinationRule istio-system/default']],
  },
  'the root namespace demands TLS of all hosts, and one Service has an exception': {
    change: (all) =>
      all.push(
        toObject('DestinationRule', 'istio-system', 'default', {
          host: '*.local',
          trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
        }),
        toObject('DestinationRule', 'models', 'exception', {
          host: 'modelmesh-serving.models.svc.cluster.local',
          trafficPolicy: { tls: { mode: 'DISABLE' } },
        }),
      ),
    expected: [['mesh-wide-tls', 'warning', 'DestinationRule istio-system/default', 'folly']],
  },
  'there is no EnvoyFilter': {
    change: (all) => remove(all, 'EnvoyFilter', 'model-mirror-gateway'),
    expected: [['window-missing', 'error', service]],
  },
  'the EnvoyFilter is for other Pods': {
    change: (all) => {
      find(all, 'EnvoyFilter', 'model-mirror-gateway').spec.workloadSelector.labels = { istio: 'egressgateway' };
    },
    expected: [['window-missing', 'error', service]],
  },
  'the EnvoyFilter sets the default of Envoy': {
    change: (all) => {
      const { value } = find(all, 'EnvoyFilter', 'model-mirror-gateway').spec.configPatches[0].patch;
      value.typed_config.http2_protocol_options.initial_connection_window_size = 24 * 1024 * 1024;
    },
    expected: [['window-missing', 'error', service]],
  },
  'nothing limits the bodies of copies': {
    change: (all) => remove(all, 'EnvoyFilter', clientsFilter),
    expected: [['body-limit-missing', 'warning', service]],
  },
  'the limit of bodies is where most clients are not': {
    change: (all) => {
      find(all, 'EnvoyFilter', clientsFilter).metadata.namespace = 'model-mirror';
    },
    expected: [['body-limit-missing', 'warning', service]],
  },
  'the limit of bodies is for some clients': {
    change: (all) => {
      find(all, 'EnvoyFilter', clientsFilter).spec.workloadSelector = { labels: { istio: 'ingressgateway' } };
    },
    expected: [['body-limit-missing', 'warning', service]],
  },
  'the limit of bodies is for gateways only': {
    change: (all) => find(all, 'EnvoyFilter', clientsFilter).spec.configPatches.pop(),
    expected: [['body-limit-missing', 'warning', service]],
  },
  'the limit of bodies is for another domain of the cluster': {
    change: (all) => {
      for (const { match } of find(all, 'EnvoyFilter', clientsFilter).spec.configPatches)
        match.cluster.service = 'model-mirror-gateway.model-mirror.svc.example.com';
    },
    expected: [['body-limit-missing', 'warning', service]],
  },
  'the limit of bodies is for proxies of all kinds': {
    change: (all) => {
      const { spec } = find(all, 'EnvoyFilter', clientsFilter);
      spec.configPatches.pop();
      delete spec.configPatches[0].match.context;
    },
    expected: [],
  },
  'the route of copies is missing': {
    change: (all) => remove(all, 'VirtualService', 'wisdom-mirror'),
    expected: [['route-missing', 'error', 'VirtualService models/wisdom-mirror', 'wisdom']],
  },
  'the route of copies is missing while the mirror is closed': {
    change: (all) => {
      remove(all, 'VirtualService', 'wisdom-mirror');
      delete find(all, 'VirtualService', 'wisdom').spec.http[0].mirror;
    },
    expected: [['route-missing', 'warning', 'VirtualService models/wisdom-mirror', 'wisdom']],
  },
  'the route of copies is bound to a Gateway of its own namespace': {
    change: (all) => {
      find(all, 'VirtualService', 'wisdom-mirror').spec.gateways = ['model-mirror-gateway'];
    },
    expected: [['route-other-gateway', 'error', 'VirtualService models/wisdom-mirror', 'wisdom']],
  },
  'another route claims a host of copies': {
    change: (all) =>
      all.push(
        toObject('VirtualService', 'other', 'thief', {
          gateways: ['model-mirror/model-mirror-gateway'],
          hosts: ['wisdom.models'],
        }),
      ),
    expected: [['route-conflict', 'error', 'VirtualService other/thief', 'wisdom']],
  },
  'somebody has added copies, a smaller share than ours': {
    change: (all) => {
      find(all, 'VirtualService', 'wisdom').spec.http[0].mirrors = [
        { destination: { host: 'elsewhere.other.svc.cluster.local', port: { number: 80 } }, percentage: { value: 1 } },
      ];
    },
    expected: [['copies-elsewhere', 'error', 'VirtualService models/wisdom', 'wisdom']],
  },
  'copies go to another Service than the mirror gateway’s': {
    change: (all) => {
      find(all, 'VirtualService', 'folly').spec.http[0].mirror.host = 'elsewhere.other.svc.cluster.local';
    },
    expected: [['copies-elsewhere', 'error', 'VirtualService other/folly', 'folly']],
  },
  'samples go to the comparer, and are no strays': {
    policy: '{gate: None, analysis: {share: 2, checks: [errors: {rate: 1%}]}}',
    change: () => {},
    expected: [['comparer-missing', 'error', 'Service model-mirror/model-mirror-comparer']],
  },
  'samples go elsewhere': {
    policy: '{gate: None, analysis: {share: 2, checks: [errors: {rate: 1%}]}}',
    change: (all) => {
      find(all, 'VirtualService', 'wisdom').spec.http[0].mirrors[1].destination.host = 'elsewhere.other';
    },
    expected: [
      ['copies-elsewhere', 'error', 'VirtualService models/wisdom', 'wisdom'],
      ['comparer-missing', 'error', 'Service model-mirror/model-mirror-comparer'],
    ],
  },
};

/** `istio-egressgateway` of a default installation, as the mirror gateway of 0.1.0. */
function toEgressGateway(): TestObject[] {
  const ports = [{ name: 'http2', port: 80, targetPort: 8080 }];
  const labels = { istio: 'egressgateway', app: 'istio-egressgateway' };
  return [
    toObject('Service', 'istio-system', 'istio-egressgateway', { selector: labels, ports }, 'v1'),
    ...['a', 'b'].map((name) => toPod(`egress-${name}`, 'istio-system', labels)),
  ];
}

const egress = 'Service istio-system/istio-egressgateway';

for (const [title, limits, expected] of [
  ['with its limits', readInstalled('model-mirror-egress-gateway'), []],
  [
    'as Istio installs it',
    [],
    [
      ['window-missing', 'error', egress],
      ['limit-missing', 'error', egress],
    ],
  ],
] as const)
  test(`examined: the egress gateway ${title}, with a Gateway for each namespace`, (t) => {
    const policy = '{gate: None, routing: {mirrorGateway: {create: true}}}';
    const objects = [...toHealthyCluster(toFiles(policy)), ...toEgressGateway(), ...limits];
    t.deepEqual(examine(objects, policy), [
      ...(expected as readonly Expected[]),
      ['clear-text', 'warning', 'Gateway models/mm-mirror-gateway', 'wisdom'],
      ['clear-text', 'warning', 'Gateway other/mm-mirror-gateway', 'folly'],
    ]);
  });

for (const [title, { change, expected, policy }] of Object.entries(cases))
  test(`examined: ${title}`, (t) => {
    const objects = toHealthyCluster(toFiles(policy));
    change(objects);
    t.deepEqual(examine(objects, policy), [...expected]);
  });
