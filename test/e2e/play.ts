/**
 * The real stack for a person to play with: `npm run stack`. It says where everything is, and runs until
 * Ctrl-C; then nothing is left of it, no process, no network, no file.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { furnish, isInSandbox, runInSandbox } from './sandbox.ts';

/** Sockets into the sandbox, the same files inside and outside. */
const relayVariable = 'MODEL_MIRROR_RELAY';

/** What is reached from outside, by the socket's name. */
const ports = { api: 16_443, git: 18_080, gateway: 18_033, client: 18_034, modelmesh: 18_099 } as const;

type Port = keyof typeof ports;

if (isInSandbox()) await inside(process.env[relayVariable] ?? '');
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

async function inside(relay: string): Promise<void> {
  furnish();
  const { Stack } = await import('./stack.ts');
  const { folderOf, toFiles } = await import('./model-files.ts');
  const { addresses } = await import('./network.ts');
  process.stdout.write('starting; this takes some ten seconds\n');
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve());
  const stack = await Stack.start();
  const model = { primary: { version: 'v1' } };
  await stack.repository.commit(toFiles(model), 'wisdom: the first version');
  await stack.addApplication({ name: 'wisdom', path: folderOf('wisdom') });
  const targets: Readonly<Record<Port, string>> = {
    api: new URL(stack.cluster.api.url).host,
    git: new URL(stack.repository.url).host,
    gateway: `${addresses.ingress}:8080`,
    client: `${addresses.modelmesh}:8033`,
    modelmesh: stack.modelmesh.address,
  };
  for (const [name, target] of Object.entries(targets)) handOn(join(relay, name), target, name === 'client');
  const kubeconfig = join(relay, 'kubeconfig');
  writeFileSync(kubeconfig, toOuterKubeconfig(stack.cluster.api.kubeconfig()), { mode: 0o600 });
  process.stdout.write(toGuide(kubeconfig, new URL(stack.repository.url).pathname));
  await ended.promise;
  process.stdout.write('ending\n');
  await stack.close();
  process.exit(0);
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

function toGuide(kubeconfig: string, repository: string): string {
  const load = `npx node test/e2e/load-process.ts --authority wisdom.modelmesh-serving --calls 1000`;
  return `
The stack is there, with the model wisdom. Ctrl-C ends it.

  export KUBECONFIG=${kubeconfig}
  git clone http://127.0.0.1:${ports.git}${repository}     people's repository: push to main
  kubectl get inferenceservices,virtualservices -n modelmesh-serving
  kubectl get applications -n argocd

Calls from outside the mesh, through the ingress gateway, and from a Pod with a sidecar:

  ${load} --to 127.0.0.1:${ports.gateway}
  ${load} --to 127.0.0.1:${ports.client}

What ModelMesh got, by model; and again:

  curl -s http://127.0.0.1:${ports.modelmesh}/counts
  curl -s -X POST http://127.0.0.1:${ports.modelmesh}/reset

To see a mirror: add a candidate to models/wisdom/model.yaml and push; once it is ready, calls are mirrored.
Argo CD looks at git when the watcher asks it to, at the latest 30 s after a push; or at once:

  kubectl annotate application wisdom -n argocd argocd.argoproj.io/refresh=normal

`;
}
