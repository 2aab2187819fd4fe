/** What can be read of calls on the wire between Pods. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { addresses, interfaceOf } from './network.ts';

const program = join(import.meta.dirname, 'wire.py');

/** From a Pod to another's port. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly packets: number;
  /** In how many of them the mark can be read. */
  readonly marked: number;
}

/** @param mark is in the calls that are made meanwhile. @param pods whose interfaces are listened at. */
export async function watchWire(mark: string, pods: readonly string[], deed: () => Promise<void>): Promise<Hop[]> {
  const child = spawn('python3', [program, mark, ...pods.map(interfaceOf)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  try {
    await deed();
  } finally {
    child.kill('SIGTERM');
  }
  await ended;
  const names = new Map<string, string>(Object.entries(addresses).map(([name, address]) => [address, name]));
  const rows = JSON.parse(text.split('\n')[1] ?? '[]') as readonly Hop[];
  return rows.map((hop) => ({ ...hop, from: names.get(hop.from) ?? hop.from, to: names.get(hop.to) ?? hop.to }));
}
