import { suggest } from '../../core/diagnostics/suggest.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';
import type { Asker } from './asker.ts';

const anotherFormat = ' another';

export async function askFormat(ask: Asker, mode: ServingMode): Promise<string> {
  const answer = await ask.choice({
    message: 'Which format was the model saved in?',
    help: `These are loaded by the runtimes that come with ${mode.name}.`,
    options: [
      ...mode.formats.map(({ name, versions, runtimes }) => ({
        value: name,
        label: name,
        hint: `version ${versions.join(' or ')}: ${runtimes.join(', ')}`,
      })),
      { value: anotherFormat, label: 'another one', hint: 'of a ServingRuntime of your own' },
    ],
  });
  if (answer !== anotherFormat) return answer;
  const names = mode.formats.map(({ name }) => name);
  const typed = await ask.text({
    message: 'What is the format called?',
    help: 'As the ServingRuntime lists it under supportedModelFormats.',
    example: 'my-format',
  });
  const meant = names.includes(typed) ? undefined : suggest(typed, names);
  if (meant === undefined) return typed;
  return ask.choice({
    message: `Did you mean ${meant}?`,
    help: `No runtime that comes with ${mode.name} has the format ${typed}.`,
    options: [
      { value: meant, label: meant },
      { value: typed, label: `no, ${typed}` },
    ],
  });
}
