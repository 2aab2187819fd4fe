/** `spec.analysis` of a policy: how much is compared, and by which checks a candidate is judged. */
import * as v from 'valibot';
import {
  duration,
  fields,
  hostName,
  optional,
  optionalButFilled,
  percentage,
  port,
  said,
  toMilliseconds,
} from './schema-parts.ts';

/** As in `$.choices[*].message.content`. */
const path = /^\$(?:\.[\w-]{1,100}|\[(?:\*|\d{1,9})\]){1,20}$/;

const limit = () => said(shareText(), 'The limit, as in 0.2%.');

const outputRule = fields({
  name: said(
    outputName(),
    'The name of an output, a JSON path of an answer such as $.choices[*].message.content, or * for all others.',
  ),
  abs: optional(tolerance(), 'Numbers agree that differ by at most this.'),
  rel: optional(tolerance(), "Numbers agree that differ by at most this part of the primary's; abs and rel add up."),
  top1: optional(
    v.boolean(),
    'true: only the position of the largest number counts; of several equally large ones any of them.',
  ),
  normalized: optional(
    v.boolean(),
    'true: texts agree that differ only in upper and lower case, white space, or Unicode form.',
  ),
});

/** One of the fields. */
const check = fields({
  errors: optional(
    fields({
      candidateOnly: optional(limit(), 'Of the requests that the primary answers: how many the candidate may fail.'),
      rate: optional(limit(), 'How many requests the candidate may fail, whatever the primary does.'),
    }),
    'Failures of the candidate: candidateOnly or rate.',
  ),
  latency: optional(
    fields({
      over: said(bound(), 'Answers that take longer count, as in 200ms. At most 2m.'),
      atMost: said(shareText(), "How many of the candidate's answers may take longer, as in 1%."),
    }),
    'How long the candidate may take.',
  ),
  slower: optional(
    fields({
      than: said(
        factor(),
        "Pairs count in which the candidate took more than this times the primary's time plus 5 ms.",
      ),
      atMost: said(shareText(), 'How many pairs may, as in 5%.'),
    }),
    'How long the candidate may take, compared with the primary on the same requests.',
  ),
  agreement: optional(
    fields({
      atLeast: optional(shareText(), 'How many pairs of answers must agree, as in 98%.'),
      withinNoise: optional(
        shareText(),
        'How much more often the candidate may disagree with the primary than the primary disagrees with itself, as in 1%. Needs noise: true.',
      ),
      outputs: optional(
        v.pipe(
          v.array(outputRule),
          v.maxLength(50, 'these are more than 50 rules\nuse one with the name * for all others'),
        ),
        'How outputs are compared. An output without a rule must be equal.',
      ),
      ignore: optional(
        v.pipe(v.array(jsonPath()), v.maxLength(50, 'these are more than 50 paths\nleave some out')),
        'JSON paths of answers that are not compared, as in $.id.',
      ),
    }),
    'Whether both answer the same: atLeast or withinNoise.',
  ),
});

export const analysisSchema = fields({
  share: optionalButFilled(
    percentage(),
    'The percentage of requests that the comparer sends to both versions again; at most mirrorPercentage. 0: none, and nothing is judged. Default 1.',
  ),
  minSamples: optional(
    v.pipe(
      v.number(),
      v.integer('a number of comparisons is a whole number\nwrite a number from 1 to 10000000'),
      v.minValue(1, 'without any comparison nothing is known\nwrite a number from 1 to 10000000'),
      v.maxValue(10_000_000, 'no rollout waits for so many\nwrite a number from 1 to 10000000'),
    ),
    'How many comparisons a candidate needs before it can pass. It can fail with fewer. Default 500.',
  ),
  confidence: optional(
    v.pipe(
      v.number(),
      v.minValue(0.5, 'half of such verdicts would be wrong\nwrite a number from 0.5 to 0.9999, as in 0.95'),
      v.maxValue(0.9999, 'no number of comparisons gives so much\nwrite a number from 0.5 to 0.9999, as in 0.95'),
    ),
    'How sure a verdict must be, of all checks together. Default 0.95.',
  ),
  noise: optional(
    v.boolean(),
    'true: the primary is asked twice, to know how often it disagrees with itself. Its extra load doubles. Default false.',
  ),
  checks: optional(
    v.pipe(
      v.array(check),
      v.minLength(1, 'without any check nothing is judged\nname at least one, or write share: 0 to compare nothing'),
      v.maxLength(20, 'these are more than 20 checks\nkeep the ones that decide'),
    ),
    'What a candidate is judged by. Each entry is one check: errors, latency, slower or agreement.',
  ),
  onFailing: optional(
    v.picklist(['Close', 'Keep']),
    'Close (default): the mirror of a candidate that fails is closed. Keep: it stays open.',
  ),
  comparer: optional(
    fields({
      service: optional(
        hostName(),
        "The comparer's Service. Default model-mirror-comparer.model-mirror.svc.<clusterDomain>.",
      ),
      port: optional(port(), 'The port that it takes requests on, in HTTP/2. Default 80.'),
    }),
    'Where the comparer is. Inherited field by field, also where a nearer policy has an analysis of its own.',
  ),
});

/** A percentage as people write a limit: with its sign, as 0.2 alone could mean 20 % as well. */
function shareText() {
  return v.pipe(
    v.string(),
    v.regex(
      /^(?!0+(?:\.0+)?%)\d{1,2}(?:\.\d{1,4})?%$/,
      'this is not a percentage above 0% and below 100%\nwrite a number and a percent sign, as in 0.2%; at most four decimals',
    ),
  );
}

function bound() {
  return v.pipe(
    duration(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (dataset.typed && (toMilliseconds(dataset.value) ?? 0n) > 120_000n)
        addIssue({ message: 'the comparer waits for no answer longer than that\nwrite at most 2m' });
    }),
  );
}

function factor() {
  return v.pipe(
    v.number(),
    v.minValue(1, 'this would count answers that are faster\nwrite at least 1, as in 1.5'),
    v.maxValue(1000, 'this counts no answer\nwrite at most 1000, as in 1.5'),
  );
}

function tolerance() {
  return v.pipe(
    v.number(),
    v.minValue(0, 'a tolerance is not negative\nwrite 0 or more, as in 0.001'),
    v.maxValue(1e9, 'such a tolerance accepts nearly everything\nwrite a smaller number, as in 0.001'),
  );
}

function outputName() {
  return v.pipe(
    v.string(),
    v.regex(
      /^(?:[\x20-\x23\x25-\x7e][\x20-\x7e]{0,199}|\$(?:\.[\w-]{1,100}|\[(?:\*|\d{1,9})\]){1,20})$/,
      'this is neither the name of an output nor a JSON path\nwrite a name of at most 200 printable ASCII characters, a path such as $.choices[*].message.content, or "*"',
    ),
  );
}

function jsonPath() {
  return v.pipe(
    v.string(),
    v.regex(path, 'this is not a JSON path\nbegin with "$", then ".name", "[*]" or "[0]", as in $.choices[*].id'),
  );
}
