/**
 * A part of ours as its installation runs it: in the root file system of the image, where that is there and of what is checked
 * out; otherwise from the clone, as the stack's other programs.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import type { Mount } from '../image/container.ts';
import { toContained, user } from '../image/container.ts';
import { findImage } from '../image/image.ts';
import { Program } from './program.ts';

export interface OwnOptions {
  readonly name: string;
  /** Of model-mirror. */
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Read where they are. */
  readonly files: readonly string[];
  /** A network namespace's name. */
  readonly network?: string;
}

/** Or why there is none. */
export const image = findImage();
/** As the chart's Pods say; the sidecar names none. */
const group = 999;
const started = new Map<string, Program>();

export function startOwn({ name, words, environment = {}, files, network }: OwnOptions): Program {
  if (typeof image !== 'string') {
    const mounts = [...files, '/etc/hosts'].map((file) => ({ from: file, to: file }));
    const command = [...(image.config.Entrypoint ?? []), ...words];
    return startInImage(name, command, { mounts, environment, group, ...(network === undefined ? {} : { network }) });
  }
  const command = [process.execPath, '/opt/model-mirror/dist/model-mirror.cjs', ...words] as const;
  const [program, ...more] = network === undefined ? command : (['ip', 'netns', 'exec', network, ...command] as const);
  return new Program({ name, command: program, words: more, environment });
}

/** @throws Error where there is no image. */
export function startInImage(
  name: string,
  command: readonly string[],
  { environment, ...more }: Omit<Parameters<typeof toContained>[0], 'root'> & { readonly mounts: readonly Mount[] },
): Program {
  if (typeof image === 'string') throw new Error(image);
  const variables = Object.fromEntries((image.config.Env ?? []).map((line) => line.split(/=(.*)/s, 2)));
  const container = { root: image.root, environment: { ...variables, ...environment }, ...more };
  const [program, ...words] = toContained(container, command);
  const own = new Program({ name, command: program, words });
  started.set(name, own);
  return own;
}

/** What runs in the image now, by name, with what is not as a cluster would run it. */
export function findStrangers(): ReadonlyMap<string, readonly string[]> {
  const running = [...started].filter(([, { isRunning }]) => isRunning);
  return new Map(
    running.map(([name, { pid }]) => [name, typeof image === 'string' ? [image] : look(`/proc/${pid}`, image.root)]),
  );
}

function look(process: string, root: string): readonly string[] {
  const status = readFileSync(`${process}/status`, 'utf8');
  const value = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  // proc_pid_mountinfo(5): the fifth field is the place as the process sees it, the sixth has the options.
  const mounts = readFileSync(`${process}/mountinfo`, 'utf8').trimEnd().split('\n');
  const own = mounts.map((line) => line.split(' ')).findLast(([, , , , place]) => place === '/');
  const seen: readonly (readonly [what: string, is: unknown, should: unknown])[] = [
    ['its root', readlinkSync(`${process}/root`), root],
    ['its user', value('Uid'), `${user}`],
    ['what it may', value('CapEff'), '0000000000000000'],
    ['what it could get', value('CapBnd'), '0000000000000000'],
    ['new privileges', value('NoNewPrivs'), '1'],
    ['its root is mounted', own?.[5]?.split(',')[0], 'ro'],
  ];
  return seen.filter(([, is, should]) => is !== should).map(([what, is, should]) => `${what}: ${is}, not ${should}`);
}
