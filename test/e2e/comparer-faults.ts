/** What becomes of a comparer: of its process, of its Pod, or of what answers in its place. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour } from './bad-behaviour.ts';
import { BadCandidate, controlPort, toBadCandidate } from './candidate.ts';
import type { Cluster, ClusterObject } from './cluster.ts';
import type { Comparer } from './comparer.ts';
import type { Fault } from './interleaved.ts';
import { addresses, runIn } from './network.ts';
import { Program, until } from './program.ts';

const intakePort = 8080;
/** How long one that is started again and again lives. */
const lifeMs = 300;

export interface ComparerFaults {
  readonly stopped: Fault;
  /** With its sidecar: a node that hangs. */
  readonly frozen: Fault;
  readonly killed: Fault;
  /** With its sidecar: nothing listens at its address. */
  readonly gone: Fault;
  readonly restarting: Fault;
  readonly scaledToNone: Fault;
  /** Something else is in its place, which misbehaves. */
  readonly misbehaves: (behaviour: Behaviour) => Fault;
}

/** As Istio does with probes: its counts are read past the sidecar, and what is in its place is steered so. */
export function passSidecar({ pod }: Comparer, isOn: boolean): void {
  const node = ['-s', addresses.core, '-j', 'RETURN'];
  runIn(pod.name, 'iptables', [
    '-t',
    'nat',
    ...(isOn ? ['-I', 'ISTIO_INBOUND', '1'] : ['-D', 'ISTIO_INBOUND']),
    ...node,
  ]);
}

/** With what is led past its sidecar (`passSidecar`). */
export function toComparerFaults(cluster: Cluster, comparer: Comparer): ComparerFaults {
  const { program, envoy, objects, untilReady } = comparer;
  const kill = () => program.stop('SIGKILL');
  const start = async () => {
    program.start();
    await untilReady();
  };
  return {
    stopped: {
      what: 'the comparer is stopped',
      begin: async () => program.signal('SIGSTOP'),
      end: async () => program.signal('SIGCONT'),
    },
    frozen: {
      what: 'the comparer is stopped, and its sidecar',
      begin: async () => {
        program.signal('SIGSTOP');
        envoy.program.signal('SIGSTOP');
      },
      end: async () => {
        envoy.program.signal('SIGCONT');
        program.signal('SIGCONT');
      },
    },
    killed: { what: 'the comparer is killed', begin: kill, end: start },
    gone: {
      what: 'the comparer is killed, and its sidecar',
      begin: async () => {
        await Promise.all([kill(), envoy.program.stop('SIGKILL')]);
      },
      end: async () => {
        envoy.program.start();
        await Promise.all([envoy.untilReady(), start()]);
      },
    },
    restarting: toRestarting(comparer, { kill, start }),
    scaledToNone: {
      what: 'the comparer has no replica',
      begin: async () => {
        await cluster.apply(...objects.filter(isOfPod).map(toUnready));
        await kill();
      },
      end: async () => {
        await start();
        await cluster.apply(...objects.filter(isOfPod));
      },
    },
    misbehaves: (behaviour) => toImpostor(comparer, behaviour, { kill, start }),
  };
}

interface Power {
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

function toRestarting({ program }: Comparer, { kill, start }: Power): Fault {
  let isOver = false;
  let ended = Promise.resolve();
  const loop = async () => {
    while (!isOver) {
      await sleep(lifeMs);
      await kill();
      await start();
    }
  };
  return {
    what: 'the comparer is killed and started again and again',
    begin: async () => {
      isOver = false;
      ended = loop();
    },
    end: async () => {
      isOver = true;
      await ended;
      if (!program.isRunning) throw new Error('the comparer does not run');
    },
  };
}

function toImpostor({ pod }: Comparer, behaviour: Behaviour, { kill, start }: Power): Fault {
  const { command, words } = toBadCandidate(intakePort);
  const control = new BadCandidate(pod.address);
  let impostor: Program | undefined;
  return {
    what: `the comparer ${behaviour}`,
    begin: async () => {
      await kill();
      const name = 'bad-comparer';
      impostor = new Program({ name, command: 'ip', words: ['netns', 'exec', pod.name, command, ...words] });
      await impostor.until('something else is in the comparer’s place', () => isAnswered(pod.address));
      await control.behave(behaviour);
      await until(`samples reach one that ${behaviour}`, async () => (await control.count()).begun > 0);
    },
    end: async () => {
      await impostor?.stop('SIGKILL');
      await start();
    },
  };
}

async function isAnswered(address: string): Promise<boolean> {
  return (await fetch(`http://${address}:${controlPort}`, { signal: AbortSignal.timeout(1000) })).ok;
}

const isOfPod = ({ kind }: ClusterObject) => kind === 'Pod' || kind === 'EndpointSlice';

/** As a kubelet, and the controller of endpoints after it, would write it. */
function toUnready(object: ClusterObject): ClusterObject {
  if (object.kind === 'EndpointSlice') return { ...object, endpoints: [] };
  const text = JSON.stringify(object);
  return JSON.parse(
    text.replace(/("type":"(?:Ready|ContainersReady)","status":)"True"/g, '$1"False"'),
  ) as ClusterObject;
}
