/** A real SSH server on loopback, of the library's own making: it runs the installed git as sshd would, by a shell. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Connection, ServerChannel } from 'ssh2';
import ssh2 from 'ssh2';
import { git } from '../../../../../src/demo/fakes/git.ts';

export interface SshServerOptions {
  /** The folder that paths are relative to. */
  readonly home: string;
  /** Private keys. */
  readonly hostKeys: readonly string[];
  /** Whether a public key, as in authorized_keys, may come in; read for each. */
  readonly accepts: (key: string) => boolean;
  /** Instead of running a command; false: runs it after all. */
  readonly serve?: (command: string, channel: ServerChannel, connection: Connection) => boolean;
  readonly mostChannels?: number;
  readonly banner?: string;
  readonly greeting?: string;
  /** Compress everything. */
  readonly compresses?: boolean;
}

export interface SshServer {
  readonly port: number;
  /** Of every connection that was accepted, the commands. */
  readonly commands: string[][];
  /** What the services wrote to stderr. */
  readonly complaints: () => string;
  /** How many channels are open. */
  readonly open: () => number;
  /** Ends all connections, and goes on listening. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export async function startSshServer(options: SshServerOptions, port = 0): Promise<SshServer> {
  const { home, hostKeys, accepts, serve, mostChannels = 10, banner, greeting, compresses = false } = options;
  const path = `${(await git(home, ['--exec-path'])).trim()}:${process.env['PATH']}`;
  const commands: string[][] = [];
  const sockets = new Set<Socket>();
  let complaints = '';
  let open = 0;

  const run = (command: string, channel: ServerChannel) => {
    const child = spawn('sh', ['-c', command], { cwd: home, env: { PATH: path, HOME: home } });
    channel.pipe(child.stdin);
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk) => channel.write(chunk));
    child.stderr.on('data', (chunk) => {
      complaints += chunk;
      channel.stderr.write(chunk);
    });
    child.on('close', (code, signal) => {
      channel.exit(...((code === null ? [signal ?? ''] : [code]) as [number]));
      // The channel is closed when it was read to its end.
      channel.unpipe().resume();
      channel.end();
    });
    channel.on('close', () => child.kill());
  };

  const onConnection = (connection: Connection) => {
    const its: string[] = [];
    connection.on('error', () => {});
    connection.on('authentication', (context) => {
      if (context.method !== 'publickey') return context.reject(['publickey']);
      const key = `${context.key.algo} ${context.key.data.toString('base64')}`.replace(/^rsa-sha2-\d+/, 'ssh-rsa');
      if (!accepts(key)) return context.reject(['publickey']);
      const { signature, blob, hashAlgo } = context;
      const parsed = ssh2.utils.parseKey(key);
      if (parsed instanceof Error) throw parsed;
      if (signature !== undefined && blob !== undefined && parsed.verify(blob, signature, hashAlgo) !== true)
        return context.reject(['publickey']);
      if (signature !== undefined) commands.push(its);
      context.accept();
    });
    let channels = 0;
    connection.on('session', (accept, reject) => {
      if (channels >= mostChannels) return void reject();
      channels++;
      open++;
      const session = accept();
      session.on('exec', (acceptExec, _, { command }) => {
        its.push(command);
        const channel = acceptExec();
        channel.on('error', () => {});
        channel.on('close', () => {
          channels--;
          open--;
        });
        if (serve?.(command, channel, connection) !== true) run(command, channel);
      });
    });
  };
  const server = new ssh2.Server(
    {
      hostKeys: [...hostKeys],
      ...(banner === undefined ? {} : { banner }),
      ...(greeting === undefined ? {} : { greeting }),
      ...(compresses ? { algorithms: { compress: ['zlib@openssh.com'] } } : {}),
    },
    onConnection,
  );
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    server.injectSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (listener.address() as AddressInfo).port,
    commands,
    complaints: () => complaints,
    open: () => open,
    cut,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      }),
  };
}

/** @returns a private key in OpenSSH's form, and its public half as in authorized_keys. */
export function makeKey(type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519'): {
  readonly secret: string;
  readonly open: string;
} {
  const bits = { ed25519: {}, ecdsa: { bits: 256 }, rsa: { bits: 2048 } } as const;
  const made = ssh2.utils.generateKeyPairSync(type as 'rsa', bits[type] as { bits: number });
  return { secret: made.private, open: made.public.split(' ').slice(0, 2).join(' ') };
}

/** As `ssh-keygen -l` shows it. */
export function toFingerprint(open: string): string {
  const blob = Buffer.from(open.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}
