/**
 * `node test/e2e/load-process.ts --to IP:PORT --authority HOST... [--calls N] [--seconds S] [--rate R] [--parallel N]
 * [--connections N] [--header NAME=VALUE]... [--deadline-ms MS [--hide-deadline]] [--model-name NAME] [--id ID]
 * [--bytes N] [--input N,N...]... [--path PATH] [--timeline] [--record]`: sends calls (`load.ts`) until they are all sent, the time is over or SIGTERM
 * comes, then prints the summary as a line of JSON.
 */
import { parseArgs } from 'node:util';
import type { LoadOptions } from './load.ts';
import { Load } from './load.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    to: text,
    authority: { ...text, multiple: true },
    calls: text,
    seconds: text,
    rate: text,
    parallel: text,
    connections: text,
    header: { ...text, multiple: true },
    'deadline-ms': text,
    'hide-deadline': { type: 'boolean' },
    bytes: text,
    'model-name': text,
    input: { ...text, multiple: true },
    path: text,
    id: text,
    timeline: { type: 'boolean' },
    record: { type: 'boolean' },
  },
});
const { to, authority, header = [], 'model-name': modelName, timeline = false } = values;
if (to === undefined || authority === undefined) throw new Error('needs --to IP:PORT and --authority HOST');

const load = new Load({
  to,
  authority,
  headers: header.map(toHeader),
  timeline,
  isRecorded: values.record ?? false,
  isDeadlineHidden: values['hide-deadline'] ?? false,
  ...toNumber('bytes', values.bytes),
  ...(modelName === undefined ? {} : { modelName }),
  ...(values.id === undefined ? {} : { id: values.id }),
  ...(values.path === undefined ? {} : { path: values.path }),
  ...(values.input === undefined ? {} : { inputs: values.input.map((one) => one.split(',').map(Number)) }),
  ...toNumber('calls', values.calls),
  ...toNumber('seconds', values.seconds),
  ...toNumber('rate', values.rate),
  ...toNumber('parallel', values.parallel),
  ...toNumber('connections', values.connections),
  ...toNumber('deadlineMs', values['deadline-ms']),
});
process.once('SIGTERM', () => load.stop());
process.stdout.write(`${JSON.stringify(await load.summary)}\n`);

function toNumber(name: keyof LoadOptions, value: string | undefined): Record<string, number> {
  if (value === undefined) return {};
  if (!(Number(value) >= 0)) throw new Error(`${name} is not a number: ${value}`);
  return { [name]: Number(value) };
}

function toHeader(pair: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not NAME=VALUE: ${pair}`);
  return [name, value];
}
