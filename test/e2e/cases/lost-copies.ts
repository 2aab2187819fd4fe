import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { virtualServices } from '../cluster.ts';
import type { LoadSummary } from '../load.ts';
import { addresses } from '../network.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { callsOf } from '../scene.ts';
import { callAsStranger } from '../strangers.ts';
import { Traffic } from '../traffic.ts';

const file = join(import.meta.dirname, '../../../plugin/chart/files/mirror-gateway-rules.yaml');
const scrapePort = 15_090;
const origin = 'outside';

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

/** A metric of a rule, with the labels by which it is chosen there; those that Prometheus adds are left out. */
interface Selector {
  readonly alert: string;
  readonly name: string;
  readonly labels: readonly (readonly [name: string, isPattern: boolean, value: string])[];
}

/** What clients do not notice, the installed alerts do: each counter in their expressions grows with what it is for. */
export async function lostCopies(scene: Scene): Promise<void> {
  const { models, cluster, mirror } = scene.stack;
  models.loadMs = 500;
  await scene.deploy({ primary: { version: 'v1' }, candidate: { version: 'v2' } });
  await scene.untilMirrorIsOpen(100);
  await scene.stack.holdApplication('wisdom');
  const call = async (calls: number) => {
    const { counts } = await scene.send({ origin, model: 'wisdom', calls, rate: 200 });
    return callsOf(counts, 'wisdom-1');
  };
  const events: Readonly<Record<string, () => Promise<void>>> = {
    // More copies at a time than hop 1 has places for; on a connection, as one that cannot be made fails them instead.
    ModelMirrorCopiesDropped: async () => {
      await until('copies arrive', async () => (await call(5)) === 5);
      mirror.program.signal('SIGSTOP');
      await send(200);
      mirror.program.signal('SIGCONT');
      await mirror.untilReady();
    },
    ModelMirrorCopiesFailed: async () => {
      await mirror.program.stop('SIGKILL');
      await send(50);
      mirror.program.start();
      await mirror.untilReady();
      await until('copies arrive again', async () => (await call(5)) === 5);
    },
    ModelMirrorCopiesNotRouted: async () => {
      await cluster.remove(virtualServices, modelNamespace, 'wisdom-mirror');
      await until('copies have no route', async () => (await call(5)) === 0);
    },
    ModelMirrorGatewayRefusesConnections: async () => {
      await callAsStranger(`${addresses.mirror}:8443`);
    },
  };
  let before = await sumAll();
  for (const alert of new Set(readSelectors().map((one) => one.alert))) {
    const cause = events[alert];
    if (cause === undefined) {
      scene.check(`${alert}: what it is for is tried`, ['nothing is known that would raise it']);
      continue;
    }
    await cause();
    const after = await sumAll();
    const grown = [...after].filter(([key, value]) => key.startsWith(`${alert} `) && value > (before.get(key) ?? 0));
    scene.row(
      ['alert', 'its counters that grew'],
      [
        alert,
        grown.map(([key, value]) => `${key.slice(alert.length + 1)} +${value - (before.get(key) ?? 0)}`).join(', '),
      ],
    );
    scene.check(`${alert}: its counters are there, and grow`, grown.length > 0);
    before = after;
  }
  await scene.remove('wisdom');
}

function send(calls: number): Promise<LoadSummary> {
  return new Traffic({ origin, model: 'wisdom', calls, rate: 200 }).ended;
}

/** As Prometheus would, from the client's Envoy and the mirror gateway, as both are configured by what we publish. */
async function sumAll(): Promise<ReadonlyMap<string, number>> {
  const texts = await Promise.all(
    [addresses.ingress, addresses.mirror].map(async (address) =>
      (await fetch(`http://${address}:${scrapePort}/stats/prometheus`)).text(),
    ),
  );
  const samples = texts.flatMap((text) => [...text.matchAll(/^(\w+)(?:\{(.*)\})? ([\d.e+]+)$/gm)]);
  return new Map(
    readSelectors().map((selector) => {
      const chosen = samples.filter(([, name, labels = '']) => name === selector.name && isChosen(labels, selector));
      return [`${selector.alert} ${selector.name}`, chosen.reduce((sum, [, , , value]) => sum + Number(value), 0)];
    }),
  );
}

function isChosen(text: string, { labels }: Selector): boolean {
  const found = new Map(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
  return labels.every(([name, isPattern, value]) => {
    const actual = found.get(name) ?? '';
    return isPattern ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
  });
}

function readSelectors(): Selector[] {
  const { groups } = parse(readFileSync(file, 'utf8')) as Rules;
  return groups.flatMap(({ rules }) =>
    rules.flatMap(({ alert, expr }) =>
      [...expr.matchAll(/(envoy_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', labels = '']) => ({
        alert,
        name,
        labels: [...labels.matchAll(/(\w+)(=~?)"((?:[^"\\]|\\.)*)"/g)]
          .map(([, label = '', sign, value = '']) => [label, sign === '=~', value.replaceAll('\\\\', '\\')] as const)
          .filter(([label]) => label !== 'namespace' && label !== 'pod'),
      })),
    ),
  );
}
