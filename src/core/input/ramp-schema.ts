/** `spec.ramp` of a policy: in which steps the mirror of a candidate opens. */
import * as v from 'valibot';
import { duration, fields, optional, percentage, said, toMilliseconds } from './schema-parts.ts';

/** The brake's error probability is documented for 30 days. */
const longestHoldMs = 720n * 3_600_000n;

export const rampSchema = fields({
  steps: said(
    v.pipe(
      v.array(step()),
      v.minLength(1, 'a ramp without steps opens nothing\nname at least one percentage, as in [1, 5, 20]'),
      v.maxLength(
        10,
        'these are more than 10 steps, which share the confidence of the analysis\nkeep the ones that matter',
      ),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const steps = dataset.value;
        const at = steps.findIndex((one, i) => i > 0 && one <= (steps[i - 1] ?? 0));
        if (at < 0) return;
        addIssue({
          message: 'a step must be above the one before\nsort the percentages, each once, as in [1, 5, 20]',
          path: [{ type: 'array', origin: 'value', input: steps, key: at, value: steps[at] }],
        });
      }),
    ),
    'Percentages of requests that are mirrored, each above the one before: 1 to 10 of them.',
  ),
  hold: optional(
    hold(),
    'How long a step lasts at least, from its first comparison on, as in 30m. At most 720h. Default 30m.',
  ),
});

function step() {
  return v.pipe(
    percentage(),
    v.gtValue(
      0,
      'a step of 0 mirrors nothing, so nothing could pass it\nwrite a percentage above 0; mirrorPercentage: 0 closes the mirror',
    ),
  );
}

function hold() {
  return v.pipe(
    duration(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (dataset.typed && (toMilliseconds(dataset.value) ?? 0n) > longestHoldMs)
        addIssue({ message: 'no step lasts longer than 30 days\nwrite at most 720h' });
    }),
  );
}

export type WrittenRamp = v.InferOutput<typeof rampSchema>;
