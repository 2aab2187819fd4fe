/**
 * `npm run bench:pages`: the watcher's pages at 10,000 models, three quarters of which have a candidate, in one process with a
 * branch in memory. Prints CPU milliseconds and bytes of each page, and what keeping the texts of models and policies takes.
 *
 * Ends with 1 when a page takes more than 500 ms of CPU or 200 KiB, or the texts more than 60 MiB. Another size may be given.
 */
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';
import { systemClock } from '../../src/io/process/clock.ts';
import { toHtmlPages } from '../../src/watch/html-pages.ts';
import { Watcher } from '../../src/watch/watcher.ts';
import { loaded, loading, toRoute } from '../core/observe/live-objects.ts';
import { toModelText } from '../core/render/memory-tree.ts';
import { toServices } from '../watch/declared.ts';
import { ManualClock } from '../watch/manual-clock.ts';
import { MemoryBranch, MemoryRepository } from '../watch/memory-branch.ts';

const size = Number(process.argv[2] ?? 10_000);
const times = 10;
const identity = {
  version: '0',
  repository: 'https://git.example.com/ml',
  branch: 'main',
  path: '.',
  cluster: undefined,
};
const limits = { cpuMs: 500, bytes: 200 * 1024, textBytes: 60 * 1024 * 1024 };

const without = await start(false);
const memoryBefore = toHeap();
await without.end();
const plain = memoryBefore - without.before;
const { watcher, clock, before, end } = await start(true);
const texts = toHeap() - before - plain;

const pages = toHtmlPages(watcher.models, identity, { ...systemClock, date: clock.date });
const line = (title: string, cpu: string, bytes: string) =>
  process.stdout.write(`${title.padEnd(34)}${cpu.padStart(8)}${bytes.padStart(10)}\n`);
line(`${size} models`, 'CPU ms', 'bytes');
let isMissed = false;
for (const path of [
  '/',
  '/?page=50',
  '/?q=model-0042',
  '/?state=candidate&page=7',
  '/models/model-00042',
  '/models/nobody',
]) {
  const [page = '', query = ''] = path.split('?');
  const make = async () => (await pages.answer(page, new URLSearchParams(query)))?.text ?? '';
  const first = await make();
  const cpu = process.cpuUsage();
  for (let i = 0; i < times; i++) await make();
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000 / times;
  const bytes = Buffer.byteLength(first);
  isMissed ||= cpuMs > limits.cpuMs || bytes > limits.bytes;
  line(path, cpuMs.toFixed(1), String(bytes));
}
process.stdout.write(`texts of models and policies: ${(texts / 1024 / 1024).toFixed(1)} MiB\n`);
await end();
process.exitCode = isMissed || texts > limits.textBytes ? 1 : 0;

/** @param keepsTexts as with `--listen`. */
async function start(keepsTexts: boolean) {
  const heap = toHeap();
  const manual = new ManualClock();
  const repository = new MemoryRepository();
  const names = Array.from({ length: size }, (_, i) => `model-${String(i).padStart(5, '0')}`);
  const hasCandidate = (i: number) => i % 4 !== 0;
  const policy = (name: string) =>
    `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: ${name}}\nspec: {mirrorPercentage: 20}\n`;
  repository.apply(
    new Map(
      names.flatMap((name, i) => {
        const text = toModelText(name, 'models');
        const model = hasCandidate(i) ? text : text.replace(/ {2}candidate:.*\n/, '');
        return [
          [`${name}/model.yaml`, model],
          [`${name}/policy.yaml`, policy(name)],
        ];
      }),
    ),
  );
  const nothing = () => {};
  const branch = new MemoryBranch(repository);
  const idle = {
    event: nothing,
    look: nothing,
    models: nothing,
    declared: nothing,
    commit: nothing,
    conflict: nothing,
  };
  const own = new Watcher(
    {
      ...{ path: '.', cluster: undefined, namespaces: undefined, settleMs: 5000, page: false, keepsTexts },
      ...{ batchMs: 500, pollMs: 30_000, once: false, suffix: undefined, signOff: undefined },
    },
    {
      // Texts of its own, as from a network.
      branch: { ...branch, read: async (ids) => toCopies(await branch.read(ids)) },
      clock: manual,
      log: { info: nothing, warn: nothing, error: nothing },
      meter: { ...idle, retry: nothing, pushFailed: nothing, pushFailures: nothing },
      refresh: undefined,
    },
  );
  const live = names.flatMap((name, i) => {
    const services = toServices(name, i % 40 === 1 ? loading : loaded);
    return [...(hasCandidate(i) ? services : services.slice(0, 1)), toRoute(name, { path: name, to: `${name}-0` })];
  });
  for (const { kind } of toKinds(undefined))
    own.replace(
      kind,
      undefined,
      live.filter((one) => one.kind === kind),
    );
  const stop = new AbortController();
  const running = own.run(stop.signal, new AbortController().signal);
  await manual.advance(5000);
  if (own.models.list().length !== size) throw new Error('not all models are there');
  return {
    watcher: own,
    clock: manual,
    before: heap,
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

function toCopies(texts: Awaited<ReturnType<MemoryBranch['read']>>): Awaited<ReturnType<MemoryBranch['read']>> {
  const copy = (text: string) => Buffer.from(text, 'utf8').toString('utf8');
  return new Map([...texts].map(([id, text]) => [id, typeof text === 'string' ? copy(text) : text]));
}

/** In bytes, of what is in use. */
function toHeap(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
