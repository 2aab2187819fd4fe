/** Carries from hosts that do not give what they offer: other programs than git, old ones, and proxies in front of them. */
import test from 'ava';
import type { GitTransport } from '../../../src/core/ports/git-transport.ts';
import { writePack } from '../../../src/io/git/pack.ts';
import { toPacket } from '../../../src/io/git/packets.ts';
import { openTransport } from '../../../src/io/git/transports.ts';
import { toModelText, toStatus } from '../carry-history.ts';
import { CarryScene, never, toStatusCommit } from './carry-scene.ts';

interface Asked {
  readonly body: string;
  /** Of the objects that are asked for by their ids. */
  readonly types: ReadonlySet<string>;
}

const nothing = '';
const refusal = toPacket('ERR upload-pack: not our ref').toString('latin1');
const emptyPack = `${toPacket('NAK\n').toString('latin1')}0025\x01${writePack([]).toString('latin1')}0000`;

const isAlone = ({ body }: Asked) => body.includes('filter tree:0\n');
const asksFor = (type: string) => (asked: Asked) => asked.types.has(type);
const isById = ({ types }: Asked) => types.size > 0;

/** What a host answers in place of what was asked for. */
const hosts: Record<string, readonly [is: (asked: Asked) => boolean, answer: string]> = {
  'folders alone are refused': [isAlone, refusal],
  'the server breaks off when folders are to come alone': [isAlone, nothing],
  'packs of folders alone are empty': [isAlone, emptyPack],
  'folders are not given by their ids': [asksFor('tree'), refusal],
  'files are not given by their ids': [asksFor('blob'), refusal],
  'nothing is given by its id': [isById, refusal],
  'packs of what is asked for by its id are empty': [isById, emptyPack],
};

for (const [title, [is, answered]] of Object.entries(hosts))
  test(`main is carried all the same: ${title}`, async (t) => {
    const scene = await CarryScene.start(t);
    const { repository } = scene;
    await scene.main({ 'a/model.yaml': toModelText('fraud'), 'm/b/model.yaml': toModelText('spam') }, 'one');
    let times = 0;
    const { branch, heard } = scene.watch({
      transport: change(scene, async (body) => {
        const isFirst = body.includes('deepen');
        const ids = isFirst ? [] : [...body.matchAll(/want ([0-9a-f]{40})/g)].map(([, id]) => id);
        const listed = await Promise.all(ids.map((id) => repository.git('cat-file', '-t', id ?? '')));
        if (!is({ body, types: new Set(listed.map((type) => type.trim())) })) return undefined;
        times++;
        return answered;
      }),
    });
    await branch.fetch(never);
    const status = toStatus('fraud', 'observed');
    await branch.push(toStatusCommit({ 'a/status.yaml': status }), never);
    await scene.main({ 'a/model.yaml': undefined, 'c/d/model.yaml': toModelText('fraud') }, 'two');
    await branch.fetch(never);
    await scene.deploy({ 'm/b/policy.yaml': 'zero' });
    await scene.main({ 'm/b/policy.yaml': 'one' }, 'three');
    await branch.fetch(never);
    t.deepEqual(heard.take(), [
      ...['created one', 'carried two', 'edited: m/b/policy.yaml', 'carried three, undone: m/b/policy.yaml'],
    ]);
    t.deepEqual(await scene.read(), { ...(await scene.read('main')), 'c/d/status.yaml': status });
    t.true(times > 0);
  });

/** @param answer what a request gets in place of what the server returns; undefined: that. */
function change(scene: CarryScene, answer: (body: string) => Promise<string | undefined>): GitTransport {
  const transport = openTransport({
    address: scene.server.url('repo.git'),
    credentials: undefined,
    environment: { PATH: process.env['PATH'] },
  });
  return {
    open: async (service, signal) => {
      const session = await transport.open(service, signal);
      if (service === 'git-receive-pack') return session;
      async function* request(body: Uint8Array): AsyncIterable<Uint8Array> {
        const other = await answer(Buffer.from(body).toString('latin1'));
        if (other === undefined) yield* session.request(body);
        else yield Buffer.from(other, 'latin1');
      }
      return { ...session, request };
    },
  };
}
