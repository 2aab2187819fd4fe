import { autoMode } from '../../commands/init/answers.ts';
import { isFault } from '../../core/diagnostics/fault.ts';
import type { RecognizedMode } from '../../core/serving/modes.ts';
import { defaultMode, offeredModes } from '../../core/serving/modes.ts';
import type { Asker } from './asker.ts';

/** Which mode the models of a namespace have; undefined: nothing shows it. */
export type Recognize = (namespace: string) => Promise<RecognizedMode | undefined>;

/** @returns the name of a mode: asked for again where the person is not sure and the cluster does not show it. */
export async function askMode(ask: Asker, namespace: string | undefined, recognize: Recognize): Promise<string> {
  for (;;) {
    const answer = await ask.choice({
      message: 'How does KServe run your models?',
      help: `kubectl get pods: ${offeredModes.map(({ name, help }) => `${help.pods} is ${name}`).join(', ')}`,
      options: [
        ...offeredModes.map((mode) => ({
          value: mode.name,
          label: mode.name,
          hint:
            mode.workloads !== undefined
              ? `each version has Pods of its own; also called ${mode.annotationValues.at(-1)}`
              : 'models are loaded into shared Pods',
        })),
        ...(namespace === undefined
          ? []
          : [
              { value: autoMode, label: 'I am not sure', hint: `look at ${namespace} in the cluster; it is only read` },
            ]),
      ],
    });
    if (answer !== autoMode || namespace === undefined) return answer;
    try {
      const found = await recognize(namespace);
      if (found !== undefined) {
        const by = found.by === 'label' ? 'by its label' : `as ${found.by.service} does`;
        ask.say(`${namespace} has models in the mode ${found.mode.name}, ${by}.`);
        return found.mode.name;
      }
      ask.say(
        `Nothing in ${namespace} shows it: there is no InferenceService yet. New installations use ${defaultMode.name}.`,
      );
    } catch (error) {
      if (!isFault(error)) throw error;
      ask.say(`The cluster cannot be asked: ${error.message}.`);
    }
  }
}
