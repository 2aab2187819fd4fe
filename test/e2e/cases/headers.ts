import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { origins } from '../traffic.ts';

const calls = 200;
/** A second: far below what fills the places of copies in flight. */
const rate = 200;

const given: Readonly<Record<string, readonly string[]>> = {
  'its own mm-vmodel-id': ['mm-vmodel-id=folly-0'],
  'the candidate’s mm-vmodel-id': ['mm-vmodel-id=wisdom-1'],
  'mm-vmodel-id twice': ['mm-vmodel-id=wisdom-1', 'mm-vmodel-id=wisdom-0'],
  'mm-model-id': ['mm-model-id=wisdom-1'],
  'mm-vmodel-id-bin': [`mm-vmodel-id-bin=${toBinary('wisdom-1')}`],
  'tas-model-id': ['tas-model-id=wisdom-1'],
  'mm-required and mm-balanced': ['mm-required=all', 'mm-balanced=true'],
  'mm-model-id-bin': [`mm-model-id-bin=${toBinary('wisdom-1')}`],
  'mm-model-id and mm-vmodel-id': ['mm-model-id=wisdom-1', 'mm-vmodel-id=wisdom-1'],
};

/** Whatever headers a client sends, the primary answers, and the candidate gets the copy. */
export async function headers(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 300;
  await scene.deploy({ primary: { version: 'v1' }, candidate: { version: 'v2' } });
  await scene.untilMirrorIsOpen(100);
  for (const [what, list] of Object.entries(given))
    for (const origin of origins) {
      const { summary, counts, dropped } = await scene.send({ origin, model: 'wisdom', calls, rate, headers: list });
      const [primary, candidate] = [callsOf(counts, 'wisdom-0'), callsOf(counts, 'wisdom-1')];
      scene.row(
        ['the client sends', 'from', 'calls', 'at wisdom-0', 'at wisdom-1', 'dropped'],
        [what, origin, calls, primary, candidate, dropped],
      );
      const strays = counts.filter(({ model, code }) => !/^wisdom-[01]$/.test(model) || code !== 'OK');
      scene.check(`${what}, ${origin}`, [
        ...unanswered(summary, 'wisdom-0'),
        ...(primary === calls && candidate + dropped === calls
          ? []
          : [`wisdom-0 got ${primary}, wisdom-1 got ${candidate}`]),
        ...strays.map((stray) => `a call went astray: ${JSON.stringify(stray)}`),
      ]);
    }
  await scene.remove('wisdom');
}

/** As gRPC sends a header whose name ends with -bin. */
function toBinary(text: string): string {
  return Buffer.from(text).toString('base64');
}
