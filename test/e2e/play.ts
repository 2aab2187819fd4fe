/**
 * The real stack for a person to play with: `npm run stack [-- --mode standard]`. It says where everything is, and runs
 * until Ctrl-C; then nothing is left of it, no process, no network, no file.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Mode } from './play-guide.ts';
import { modes, ports, toGuide } from './play-guide.ts';
import { furnish, isInSandbox, runInSandbox } from './sandbox.ts';
import type { Stack } from './stack.ts';

/** Sockets into the sandbox, the same files inside and outside. */
const relayVariable = 'MODEL_MIRROR_RELAY';

type Port = keyof typeof ports;

/** What the sockets lead to; a text is what is answered to a path by HTTP. */
type Targets = Readonly<Record<Exclude<Port, 'seen'>, string>> & { readonly seen: string | ((path: string) => string) };

const { values } = parseArgs({ options: { mode: { type: 'string', default: 'modelmesh' } } });
const mode = modes.find((one) => one === values.mode);
if (mode === undefined) {
  process.stderr.write(`there is no mode ${values.mode}: they are ${modes.join(' and ')}\n`);
  process.exitCode = 2;
} else if (isInSandbox()) await inside(process.env[relayVariable] ?? '', mode);
else await outside();

/** Listens on loopback and hands on to the sockets. */
async function outside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-stack-'));
  const servers: Server[] = [];
  try {
    for (const [name, port] of Object.entries(ports)) {
      const server = createServer((socket) => {
        const inner = connect(join(folder, name));
        for (const one of [socket, inner]) one.on('error', () => [socket, inner].map((other) => other.destroy()));
        socket.pipe(inner).pipe(socket);
      });
      server.on('error', (error) => process.stderr.write(`${name} cannot be reached from outside: ${error.message}\n`));
      servers.push(server.listen(port, '127.0.0.1'));
    }
    process.exitCode = await runInSandbox(import.meta.filename, { [relayVariable]: folder });
  } finally {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inside(relay: string, mode: Mode): Promise<void> {
  furnish();
  const { Stack } = await import('./stack.ts');
  process.stdout.write('starting; this takes some ten seconds\n');
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve());
  const stack = await Stack.start();
  const { seen, ...targets } = mode === 'standard' ? await deployStandard(stack) : await deployModelMesh(stack);
  for (const [name, target] of Object.entries(targets)) handOn(join(relay, name), target, name === 'client');
  if (typeof seen === 'string') handOn(join(relay, 'seen'), seen, false);
  else createHttpServer(({ url = '' }, response) => response.end(seen(url))).listen(join(relay, 'seen'));
  const kubeconfig = join(relay, 'kubeconfig');
  writeFileSync(kubeconfig, toOuterKubeconfig(stack.cluster.api.kubeconfig()), { mode: 0o600 });
  process.stdout.write(toGuide(mode, { kubeconfig, repository: new URL(stack.repository.url).pathname }));
  await ended.promise;
  process.stdout.write('ending\n');
  await stack.close();
  process.exit(0);
}

async function deployModelMesh(stack: Stack): Promise<Targets> {
  const { folderOf, toFiles } = await import('./model-files.ts');
  const { addresses } = await import('./network.ts');
  await stack.repository.commit(toFiles({ primary: { version: 'v1' } }), 'wisdom: the first version');
  await stack.addApplication({ name: 'wisdom', path: folderOf('wisdom') });
  return {
    ...toTargets(stack, addresses.ingress),
    client: `${addresses.modelmesh}:8033`,
    seen: stack.modelmesh.address,
  };
}

/** The servers and models of the tutorial. */
async function deployStandard(stack: Stack): Promise<Targets> {
  const { folderOf, toFiles } = await import('./model-files.ts');
  const { putFlowers } = await import('./model-servers.ts');
  const { addresses } = await import('./network.ts');
  const { until } = await import('./program.ts');
  const { standardModel } = await import('./standard-models.ts');
  const standard = await stack.standard();
  putFlowers(standard.store);
  const primary = { version: 'v1', uri: 's3://models/flowers/v1' };
  const model = standardModel({ primary, model: { modelFormat: { name: 'sklearn' } } });
  await stack.repository.commit(toFiles(model), 'wisdom: the first version');
  await stack.addApplication({ name: 'wisdom', path: folderOf('wisdom'), namespace: standard.namespace });
  // Whoever clones before the watcher has said so would have to pull before the first push.
  const status = `${folderOf('wisdom')}/status.yaml`;
  await until('the model is ready', async () => /state: Ready/.test((await stack.repository.read(status)) ?? ''));
  return {
    ...toTargets(stack, addresses.ingress),
    client: `${await standard.untilAddressed('wisdom')}:80`,
    seen: (path) =>
      standard
        .podsOf(path.slice(1))
        .map((pod) => pod.log())
        .join('\n'),
  };
}

function toTargets(stack: Stack, ingress: string): Pick<Targets, 'api' | 'git' | 'gateway'> {
  return {
    api: new URL(stack.cluster.api.url).host,
    git: new URL(stack.repository.url).host,
    gateway: `${ingress}:8080`,
  };
}

/** @param isClient from the Pod with a sidecar, whose own network it is. */
function handOn(socket: string, target: string, isClient: boolean): void {
  const [host = '', port = ''] = target.split(':');
  const server = createServer((from) => {
    if (!isClient) {
      const to = connect(Number(port), host);
      for (const one of [from, to]) one.on('error', () => [from, to].map((other) => other.destroy()));
      from.pipe(to).pipe(from);
      return;
    }
    const script = `const s=require('node:net').connect(${port},'${host}');process.stdin.pipe(s).pipe(process.stdout);s.on('close',()=>process.exit())`;
    const child = spawn('ip', ['netns', 'exec', 'client', process.execPath, '-e', script]);
    from.on('error', () => child.kill());
    from.on('close', () => child.kill());
    child.stdin.on('error', () => from.destroy());
    from.pipe(child.stdin);
    child.stdout.pipe(from);
  });
  if (!existsSync(socket)) server.listen(socket);
}

/** The API server's certificate is made out for 127.0.0.1, whatever the port. */
function toOuterKubeconfig(text: string): string {
  const config = JSON.parse(text) as { clusters: { cluster: { server: string } }[] };
  for (const { cluster } of config.clusters) cluster.server = `https://127.0.0.1:${ports.api}`;
  return JSON.stringify(config);
}
