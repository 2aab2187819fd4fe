/**
 * `npm run test:metrics`: the metrics, alerts and dashboard in a real Prometheus. promtool reads the pages and the rules and
 * plays each alert; Prometheus scrapes a watcher and a comparer on the demo's stage, and answers every query of the dashboard.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { startComparer } from '../../src/cli/demo/start-comparer.ts';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { demoModes } from '../../src/demo/demo-modes.ts';
import { git } from '../../src/demo/fakes/git.ts';
import { startWatcherProcess } from '../../src/demo/fakes/watcher-process.ts';
import { isOver, toSteps } from '../../src/demo/scenario.ts';
import type { BusyStage } from '../../src/demo/stage.ts';
import { play, setUp } from '../../src/demo/stage.ts';
import { stackFolder } from '../stack/build.ts';
import type { AlertCase } from './alerts.ts';
import { alertCases } from './alerts.ts';
import { findMetrics, findSelectors, readQueries, readRules, readVariables, rulesFiles } from './expressions.ts';
import { readPage } from './page.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');
/** Envoy's statistics, which docs/evidence.md shows to move. */
const ofEnvoy = [
  'envoy_cluster_upstream_rq',
  'envoy_cluster_upstream_rq_active_overflow',
  'envoy_http_downstream_cx_protocol_error',
  'envoy_http_no_route',
  'envoy_listener_ssl_connection_error',
];
const problems: string[] = [];
const expect = (isTrue: boolean, problem: string) => void (isTrue || problems.push(problem));

function promtool(words: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(join(stackFolder, 'promtool'), words, {
    input,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  expect(status === 0, `promtool ${words.slice(0, 2).join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** A document of promtool's tests, with the annotations that the rule gives these labels. */
function toTest({ alert, title, series, silent, fires }: AlertCase): object {
  const rule = readRules().find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  const fill = (text: string, labels: Readonly<Record<string, string>>) =>
    text
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? `no label ${label}`)
      .replace(/\{\{ \$value[^}]*\}\}/g, fires?.value ?? 'no value');
  const alerts = fires?.labels.map((labels) => ({
    exp_labels: { ...labels, ...rule.labels },
    exp_annotations: Object.fromEntries(
      Object.entries(rule.annotations).map(([name, text]) => [name, fill(text, labels)]),
    ),
  }));
  const at = (minutes: readonly number[], expected: unknown) =>
    minutes.map((minute) => ({ alertname: alert, eval_time: `${minute}m`, exp_alerts: expected }));
  return {
    name: `${alert}: ${title}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [...at(silent, []), ...at(fires?.at ?? [], alerts)],
  };
}

function checkAlerts(folder: string): void {
  promtool(['check', 'rules', '--lint-fatal', ...rulesFiles]);
  const rules = readRules();
  for (const { alert, labels, annotations } of rules) {
    const cases = alertCases.filter((one) => one.alert === alert);
    expect(
      cases.some(({ fires }) => fires !== undefined),
      `no test lets ${alert} fire`,
    );
    expect(
      cases.some(({ silent }) => silent.length > 0),
      `no test finds ${alert} silent`,
    );
    expect(['warning', 'critical'].includes(labels['severity'] ?? ''), `${alert} has no severity`);
    expect(
      annotations['runbook'] === `docs/operations.md#${alert.toLowerCase()}`,
      `${alert} names no place in the runbook`,
    );
  }
  const file = join(folder, 'alerts.yaml');
  writeFileSync(file, stringify({ rule_files: rulesFiles, evaluation_interval: '1m', tests: alertCases.map(toTest) }));
  promtool(['test', 'rules', file]);
  process.stdout.write(`${rules.length} alerts, ${alertCases.length} stories of them\n`);
}

/** Every query asks for what there is: metrics by their names, and their labels. */
function checkQueries(pages: readonly string[]): void {
  const labels = new Map<string, Set<string>>();
  for (const page of pages) {
    for (const [, name = ''] of page.matchAll(/^# TYPE (\S+) \S+$/gm)) labels.set(name, new Set());
    for (const sample of readPage(page))
      labels.set(sample.name, new Set([...(labels.get(sample.name) ?? []), ...Object.keys(sample.labels)]));
  }
  const queries = [
    ...readQueries(),
    ...readVariables().map(({ expr }) => ({ title: 'a variable', expr })),
    ...readRules().map(({ alert, expr }) => ({ title: alert, expr })),
  ];
  for (const { title, expr } of queries) {
    const metrics = findMetrics(expr).filter((metric) => metric !== 'up' && !metric.startsWith('__'));
    expect(metrics.length > 0, `${title} asks for no metric: ${expr}`);
    for (const metric of metrics)
      expect(labels.has(metric) || ofEnvoy.includes(metric), `${title} asks for ${metric}, which nobody shows`);
    for (const { metric, label } of findSelectors(expr)) {
      const known = labels.get(metric);
      // Of a metric without samples here, only promtool's stories know the labels.
      if (known !== undefined && known.size > 0)
        expect(known.has(label), `${title} selects ${metric} by ${label}, which it lacks`);
    }
  }
  process.stdout.write(`${queries.length} queries ask for what there is\n`);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function until(title: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await isTrue().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`it never comes true: ${title}`);
}

async function startPrometheus(folder: string, targets: readonly (readonly [job: string, address: string])[]) {
  const file = join(folder, 'prometheus.yaml');
  writeFileSync(
    file,
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: rulesFiles,
      scrape_configs: targets.map(([job_name, address]) => ({
        job_name,
        honor_labels: true,
        // As the operator gives them to what a ServiceMonitor selects.
        static_configs: [{ targets: [address], labels: { namespace: 'model-mirror', pod: `${job_name}-1` } }],
      })),
    }),
  );
  promtool(['check', 'config', file]);
  const port = await findFreePort();
  const child = spawn(
    join(stackFolder, 'prometheus'),
    [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  };
  return {
    query: async (expr: string) =>
      ((await get(`query?query=${encodeURIComponent(expr)}`)) as { result: { metric: Record<string, string> }[] })
        .result,
    get,
    log: () => log,
    end: async () => {
      child.kill('SIGTERM');
      await once(child, 'close');
    },
  };
}

/** Plays until a candidate was judged, and keeps requests coming. */
async function playToVerdict(stage: BusyStage): Promise<void> {
  for (const step of toSteps(stage.mode)) {
    await play(step, stage);
    await until(step.title, async () => {
      await stage.traffic.send(`wisdom.${stage.mode.namespace}`, 10);
      const text = await git(stage.bare, ['show', 'main:models/wisdom/status.yaml']).catch(() => undefined);
      return isOver(step, text === undefined ? undefined : parseStatus({ path: 'status.yaml', text }).value?.status);
    });
    if (step.until?.verdict !== undefined) return;
  }
}

async function checkLive(folder: string): Promise<void> {
  const ends: (() => unknown)[] = [];
  try {
    let comparer = '';
    const stage = await setUp(folder, [process.execPath, program], demoModes.modelmesh, ends, {
      startComparer: async (...given) => {
        const started = await startComparer(...given);
        comparer = started.pages;
        return started;
      },
    });
    const watcher = startWatcherProcess([
      ...[process.execPath, program, 'watch', '--repo', stage.url, '--kubeconfig', stage.kubeconfig],
      ...['--comparer', comparer, '--listen', '127.0.0.1:0', '--git-interval', '1s', '--log', 'json'],
    ]);
    ends.push(() => watcher.stop());
    await until('the watcher listens', async () => watcher.output().includes('"address"'));
    const [, address = ''] = /"address":"([^"]+)"/.exec(watcher.output()) ?? [];
    const prometheus = await startPrometheus(folder, [
      ['watcher', address],
      ['comparer', comparer],
    ]);
    ends.push(() => prometheus.end());
    const ask = (expr: string) =>
      prometheus.query(
        expr.replaceAll('$namespace', '.*').replaceAll('$model', 'wisdom').replaceAll('$__rate_interval', '30s'),
      );
    const verdicts = new Set<string>();
    const looks = setInterval(() => {
      ask('model_mirror_verdict').then(
        (found) => {
          for (const { metric } of found) verdicts.add(metric['verdict'] ?? '');
        },
        // Prometheus has only begun to listen.
        () => {},
      );
    }, 500);
    ends.push(() => clearInterval(looks));
    await playToVerdict(stage);
    await until(
      'Prometheus knows the verdict',
      async () => (await ask('model_mirror_verdict{verdict="Failing"}')).length === 1,
    );
    const pages = await Promise.all(
      [address, comparer].map(async (one) => (await fetch(`http://${one}/metrics`)).text()),
    );
    for (const page of pages) promtool(['check', 'metrics'], page);
    checkQueries(pages);

    const [verdict] = await ask('model_mirror_verdict');
    expect(
      JSON.stringify(verdict?.metric) ===
        JSON.stringify({
          __name__: 'model_mirror_verdict',
          instance: address,
          job: 'watcher',
          model: 'wisdom',
          namespace: stage.mode.namespace,
          pod: 'watcher-1',
          role: 'candidate',
          verdict: 'Failing',
          version: verdict?.metric['version'],
        }),
      `the verdict has other labels: ${JSON.stringify(verdict)}`,
    );
    const version = verdict?.metric['version'];
    expect(
      (await ask(`model_mirror_pairs_total{version="${version}", model="wisdom", result="disagree"}`)).length === 1,
      'watcher and comparer call the candidate differently',
    );

    // On this stage there are no candidates that do not start or cannot be seen, nor copies that were not compared.
    const empty = new Set([
      'model_mirror_blind',
      'model_mirror_pairs_unknown_total',
      'model_mirror_copies_dropped_total',
    ]);
    for (const { title, expr } of readQueries()) {
      const found = await ask(expr);
      if (!findMetrics(expr).some((metric) => empty.has(metric)) && !expr.includes('state="Failed"'))
        expect(found.length > 0, `${title}: there is no data for ${expr}`);
    }
    for (const { expr, label } of readVariables())
      expect(
        (await ask(expr)).every(({ metric }) => (metric[label] ?? '') !== ''),
        `${expr} has no ${label}`,
      );
    await until(
      'the alert fires',
      async () => (await ask('ALERTS{alertname="ModelMirrorCandidateFailing", alertstate="firing"}')).length === 1,
    );
    const { groups } = (await prometheus.get('rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    for (const rule of groups.flatMap(({ rules }) => rules))
      expect(rule.health === 'ok', `${rule.name}: ${rule.lastError}`);
    const firing = await ask('ALERTS{alertstate="firing"}');
    expect(firing.length === 1, `other alerts fire: ${JSON.stringify(firing)}`);
    process.stdout.write(`Prometheus answers all of them; the verdicts it saw: ${[...verdicts].sort().join(', ')}\n`);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-metrics-'));
try {
  checkAlerts(folder);
  await checkLive(folder);
} finally {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = problems.length === 0 ? 0 : 1;
