/**
 * Reads stdin, and writes to stdout and stderr synchronously: process.stdout costs a tenth of Node's start, and loses what
 * it has not flushed at process.exit.
 */
import { writeSync } from 'node:fs';
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';

const chunkLength = 1 << 18;

/** Writes texts one after the other. If the reader has closed the pipe, the rest is dropped silently. */
export function writeTexts(descriptor: 1 | 2, texts: Iterable<string>): void {
  let pending = '';
  for (const text of texts) {
    pending += text;
    if (pending.length < chunkLength) continue;
    if (!writeAll(descriptor, pending)) return;
    pending = '';
  }
  if (pending !== '') writeAll(descriptor, pending);
}

/** Reads all of stdin. @throws Fault when it is a terminal, which would wait for input. */
export async function readInput(): Promise<string> {
  if (process.stdin.isTTY)
    throw new Fault('usage', safe`nothing is piped in`, safe`pipe into it, or see the example in --help`);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** @returns false when the reader has closed the pipe. */
function writeAll(descriptor: number, text: string): boolean {
  const bytes = Buffer.from(text, 'utf8');
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN')
        throw new Fault('environment', safe`the output cannot be written: ${toReason(error)}`, safe`make room for it`, {
          cause: error,
        });
      // A pipe that another program made non-blocking is full: give its reader a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return true;
}
