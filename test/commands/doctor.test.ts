import test from 'ava';
import type { DoctorRequest } from '../../src/commands/doctor.ts';
import { runDoctor } from '../../src/commands/doctor.ts';
import type { ExaminePorts } from '../../src/commands/examine-cluster.ts';
import { explainModel } from '../../src/commands/explain.ts';
import { createStatus } from '../../src/commands/status.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import type { ResourceQuery, StatisticsFailure, StatisticsRequest } from '../../src/core/routing/examination.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import type { Refuse, TestObject } from '../core/routing/istio/installation.ts';
import { answer, toFiles, toHealthyCluster } from '../core/routing/istio/installation.ts';

const { signal } = new AbortController();

/** As Envoy 1.40 with Istio's bootstrap shows them on a client's proxy. */
function toClientStatistics({ ok = 0, failed = 0, dropped = 0 } = {}): string {
  const cluster = 'cluster_name="outbound|443||model-mirror-gateway.model-mirror.svc.cluster.local"';
  return `# TYPE envoy_cluster_upstream_rq counter
envoy_cluster_upstream_rq{${cluster},response_code="200"} ${ok}
envoy_cluster_upstream_rq{${cluster},response_code_class="2xx"} ${ok}
envoy_cluster_upstream_rq{${cluster},response_code="503"} ${failed + dropped}
envoy_cluster_upstream_rq{${cluster},response_code_class="5xx"} ${failed + dropped}
# TYPE envoy_cluster_upstream_rq_active_overflow counter
envoy_cluster_upstream_rq_active_overflow{${cluster}} ${dropped}
envoy_cluster_upstream_rq_active_overflow{cluster_name="outbound|80||other.models.svc.cluster.local"} 7
`;
}

/** The same on the mirror gateway. */
function toGatewayStatistics({ noRoute = 0, tlsErrors = 0, protocolErrors = 0, slow = 0 } = {}): string {
  return `# TYPE envoy_http_no_route counter
envoy_http_no_route{http_conn_manager_prefix="outbound_0.0.0.0_8443"} ${noRoute}
envoy_http_agent_no_route{} 3
envoy_listener_ssl_connection_error{listener_address="0.0.0.0_8443"} ${tlsErrors}
envoy_http_downstream_cx_protocol_error{http_conn_manager_prefix="outbound_0.0.0.0_8443"} ${protocolErrors}
envoy_cluster_upstream_rq_active_overflow{cluster_name="outbound|8033|copies|wisdom.models.svc.cluster.local"} ${slow}
`;
}

type Statistics = (request: StatisticsRequest, reading: number) => string | StatisticsFailure;

const quiet: Statistics = ({ namespace }) =>
  namespace === 'istio-system' ? toClientStatistics() : toGatewayStatistics();

/** A cluster in memory, and all that was asked of it. */
class MemoryCluster implements ExaminePorts {
  readonly queries: ResourceQuery[] = [];
  readonly slept: number[] = [];
  readonly #readings = new Map<string, number>();
  #now = 0;
  readonly reader;
  readonly clock;

  constructor(objects: readonly TestObject[], statistics: Statistics = quiet, refuse?: Refuse) {
    this.reader = {
      list: async (query: ResourceQuery) => {
        this.queries.push(query);
        return answer(objects, query, refuse);
      },
      readStatistics: async (request: StatisticsRequest) => {
        const reading = this.#readings.get(request.pod) ?? 0;
        this.#readings.set(request.pod, reading + 1);
        return statistics(request, reading);
      },
    };
    this.clock = {
      now: () => this.#now,
      sleep: async (ms: number) => {
        this.slept.push(ms);
        this.#now += ms;
      },
    };
  }
}

function toRequest(files: Files = toFiles(), more: Partial<DoctorRequest> = {}): DoctorRequest {
  return {
    ...{ model: undefined, cluster: undefined, namespace: undefined, countMs: 5000 },
    names: { toShownPath: (file) => file as never, toInnerPaths: (typed) => [typed] },
    tree: toMemoryTree(files),
    ...more,
  };
}

const healthy = toHealthyCluster(toFiles());

test('a healthy cluster has no findings, and statistics of all gateways are counted', async (t) => {
  const cluster = new MemoryCluster(healthy);
  const { diagnoses, models, counted, problems } = await runDoctor(toRequest(), cluster, signal);
  t.deepEqual([diagnoses, problems], [[], []]);
  t.deepEqual(models, [
    { namespace: 'models', name: 'wisdom' },
    { namespace: 'other', name: 'folly' },
  ]);
  t.deepEqual(
    counted?.map(({ pod }) => pod),
    ['ingress', 'mirror-a', 'mirror-b'],
  );
  t.deepEqual(cluster.slept, [5000]);
});

test('one model alone is examined, without waiting', async (t) => {
  const cluster = new MemoryCluster(healthy);
  const { models } = await runDoctor(toRequest(toFiles(), { model: 'folly', countMs: 0 }), cluster, signal);
  t.deepEqual(models, [{ namespace: 'other', name: 'folly' }]);
  t.deepEqual(cluster.slept, []);
});

interface Counted {
  readonly client?: readonly Parameters<typeof toClientStatistics>[0][];
  readonly gateway?: readonly Parameters<typeof toGatewayStatistics>[0][];
  /** Code, severity and details of each finding. */
  readonly found: readonly (readonly [string, string, object])[];
}

const counts: Readonly<Record<string, Counted>> = {
  'copies are dropped now': {
    client: [
      { ok: 1000, dropped: 5 },
      { ok: 1288, dropped: 17 },
    ],
    found: [['copies-dropped', 'error', { count: 12, when: 'now' }]],
  },
  'copies were dropped once': {
    client: [
      { ok: 1000, dropped: 5 },
      { ok: 1288, dropped: 5 },
    ],
    found: [['copies-dropped', 'note', { count: 5, when: 'since-start' }]],
  },
  'copies fail now, and none was dropped': {
    client: [{ failed: 1 }, { failed: 4 }],
    found: [['copies-failed', 'warning', { count: 3, when: 'now' }]],
  },
  'the proxy was restarted in between': {
    client: [{ dropped: 100 }, { dropped: 2 }],
    found: [['copies-dropped', 'error', { count: 2, when: 'now' }]],
  },
  'copies have no route': {
    gateway: [{ noRoute: 1 }, { noRoute: 3 }],
    found: [['copies-not-routed', 'error', { count: 2, when: 'now' }]],
  },
  'connections are refused': {
    gateway: [{}, { tlsErrors: 2, protocolErrors: 1 }],
    found: [['connections-refused', 'warning', { count: 3, when: 'now' }]],
  },
  'a candidate hangs': {
    gateway: [{ slow: 4 }, { slow: 10 }],
    found: [['candidate-slow', 'warning', { count: 6, when: 'now' }]],
  },
};

for (const [title, { client = [], gateway = [], found }] of Object.entries(counts))
  test(`counted: ${title}`, async (t) => {
    const statistics: Statistics = ({ namespace, pod }, reading) => {
      if (namespace === 'istio-system') return toClientStatistics(client[reading]);
      return toGatewayStatistics(pod === 'mirror-b' ? gateway[reading] : {});
    };
    const { diagnoses } = await runDoctor(toRequest(), new MemoryCluster(healthy, statistics), signal);
    t.deepEqual(
      diagnoses.map(({ code, severity, details }) => [code, severity, details]),
      [...found],
    );
  });

test('the number of copies is in the reason, and the model of a candidate that hangs is named', async (t) => {
  const statistics: Statistics = ({ namespace }, reading) =>
    namespace === 'istio-system'
      ? toClientStatistics({ ok: reading * 288, dropped: reading * 12 })
      : toGatewayStatistics({ slow: reading });
  const { diagnoses } = await runDoctor(toRequest(), new MemoryCluster(healthy, statistics), signal);
  t.regex(diagnoses[0]?.reason ?? '', /dropped 12 of 300 copies in the last 5 s/);
  t.deepEqual(diagnoses[1]?.models, [{ namespace: 'models', name: 'wisdom' }]);
});

test('what cannot be counted is a note with what to do', async (t) => {
  const find = async (statistics: Statistics) => {
    const { diagnoses } = await runDoctor(toRequest(), new MemoryCluster(healthy, statistics), signal);
    return diagnoses.map(({ code, severity, details }) => [code, severity, details['code']]);
  };
  t.deepEqual(await find(({ namespace }) => (namespace === 'istio-system' ? '\n' : toGatewayStatistics())), [
    ['statistics-hidden', 'note', undefined],
  ]);
  for (const code of ['refused', 'unreachable'] as const)
    t.deepEqual(await find(() => ({ code, message: 'no' as never })), [['statistics-unread', 'note', code]]);
});

const isGateways: Refuse = ({ resource }) =>
  resource.kind === 'Gateway' ? { code: 'refused', message: 'no' as never } : undefined;

test('a kind that may not be listed is a note, and what depends on it is not examined', async (t) => {
  const without = healthy.filter(({ kind }) => kind !== 'Gateway');
  const { diagnoses } = await runDoctor(toRequest(), new MemoryCluster(without, quiet, isGateways), signal);
  t.is(diagnoses.length, 1);
  t.like(diagnoses[0], { code: 'not-listed', severity: 'note', subject: { kind: 'Gateway' } });
  t.regex(diagnoses[0]?.reason ?? '', /^gateways cannot be listed/);
});

test('whoever may list only some namespaces has those examined', async (t) => {
  const without = healthy.filter(({ kind }) => kind !== 'Gateway');
  const everywhere: Refuse = (query) => (query.namespace === undefined ? isGateways(query) : undefined);
  const { diagnoses } = await runDoctor(toRequest(), new MemoryCluster(without, quiet, everywhere), signal);
  t.deepEqual(
    diagnoses.map(({ code }) => code),
    ['gateway-missing', 'not-listed'],
  );
  t.regex(
    diagnoses[1]?.reason ?? '',
    /^gateways outside of istio-system, model-mirror, models, other cannot be listed/,
  );
});

test('a cluster without Istio has no Gateway', async (t) => {
  const none: Refuse = ({ resource }) =>
    resource.groupVersion.includes('istio') ? { code: 'not-installed', message: 'no' as never } : undefined;
  const { diagnoses } = await runDoctor(toRequest(), new MemoryCluster(healthy, quiet, none), signal);
  t.is(diagnoses[0]?.code, 'gateway-missing');
  t.false(diagnoses.some(({ code }) => code === 'not-listed'));
});

test('a cluster that lists nothing to this user is a fault', async (t) => {
  const cluster = new MemoryCluster(healthy, quiet, () => ({ code: 'refused', message: 'forbidden' as never }));
  const fault = await t.throwsAsync<Fault>(runDoctor(toRequest(), cluster, signal), { name: 'Fault' });
  t.is(fault?.code, 'environment');
});

test('files alone show clear text and a mirror gateway whose limits are not known, with their places', async (t) => {
  const examine = async (spec: string) => {
    const { diagnoses, counted } = await runDoctor(toRequest(toFiles(spec)), undefined, signal);
    t.is(counted, undefined);
    return diagnoses.map(({ code, severity, subject }) => {
      if (subject.code !== 'field') throw new Error('it is about an object');
      return [code, severity, subject.field, `${subject.place.file}:${subject.place.line}`];
    });
  };
  t.deepEqual(await examine('{gate: None}'), []);
  t.deepEqual(await examine('{routing: {mirrorGateway: {tls: None}}}'), [
    ['clear-text', 'warning', 'spec.routing.mirrorGateway.tls', 'policy.yaml:4'],
  ]);
  const other = '{routing: {mirrorGateway: {service: istio-egressgateway.istio-system.svc.cluster.local}}}';
  // Its default Gateway is one per namespace.
  t.deepEqual(await examine(other), [
    ['clear-text', 'warning', 'spec.routing.mirrorGateway.service', 'policy.yaml:4'],
    ['limits-unknown', 'warning', 'spec.routing.mirrorGateway.service', 'policy.yaml:4'],
  ]);
});

test('status and explain name the worst finding of each model, without statistics', async (t) => {
  const objects = healthy.filter(({ metadata }) => metadata.name !== 'wisdom-mirror');
  const { reader, clock } = new MemoryCluster(objects, () => {
    throw new Error('statistics are read');
  });
  const { names, tree } = toRequest();
  const request = { model: undefined, names, cluster: undefined, namespace: undefined };
  const readFiles = async () => ({ tree, revision: undefined, ahead: undefined });
  const { assessments, finding } = await createStatus(request, { readFiles, reader, clock })(signal);
  t.is(finding?.code, 'route-missing');
  t.deepEqual(
    assessments.map(({ name, finding: own }) => [name, own?.code]),
    [
      ['wisdom', 'route-missing'],
      ['folly', undefined],
    ],
  );
  const explain = async (model: string) => {
    const { explanation } = await explainModel({ ...request, model, tree }, async () => () => undefined, {
      reader,
      now: 0,
    });
    return explanation?.assessment.finding?.code;
  };
  t.deepEqual([await explain('wisdom'), await explain('folly')], ['route-missing', undefined]);
});

test('status does without findings where the cluster does not answer for them', async (t) => {
  const { names, tree } = toRequest();
  const readFiles = async () => ({ tree, revision: undefined, ahead: undefined });
  const { clock } = new MemoryCluster(healthy);
  const list = async () => {
    throw new Fault('environment', safe`no answer`, safe`try again`);
  };
  const reader = { list, readStatistics: async () => '' };
  const request = { model: undefined, names, cluster: undefined, namespace: undefined };
  const { assessments, finding } = await createStatus(request, { readFiles, reader, clock })(signal);
  t.deepEqual([assessments.length, finding], [2, undefined]);
});

test('where only the status file names the namespace, it is that', async (t) => {
  const files = Object.fromEntries(
    Object.entries(toFiles()).map(([path, text]) => [path, text.replace(', namespace: models', '')]),
  );
  const cluster = new MemoryCluster(healthy);
  const fault = await t.throwsAsync<Fault>(runDoctor(toRequest(files), cluster, signal), { name: 'Fault' });
  t.is(fault?.code, 'usage');
  const status = `apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: wisdom, namespace: models}
status:
  primary: {name: wisdom-0, version: v1, digest: "0", state: Ready}
`;
  const request = toRequest({ ...files, 'wisdom/status.yaml': status }, { model: 'wisdom' });
  const { diagnoses, models } = await runDoctor(request, cluster, signal);
  t.deepEqual([diagnoses, models], [[], [{ namespace: 'models', name: 'wisdom' }]]);
});
