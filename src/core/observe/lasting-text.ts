import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, maskLine } from '../diagnostics/safe-text.ts';

/** Longer messages are cut: people read the file. */
const maxLength = 300;

/**
 * The parts of a message that may change from one write to the next although nothing happened: times,
 * addresses, names of pods, ids, counts of attempts and durations.
 */
const passing: readonly [RegExp, string][] = [
  // The S3 client ends its errors with them, and the host's may be empty (aws-sdk-go, awserr.requestError).
  [/((?:request|host|trace|span)[ _-]?id)["']?[:=] ?[^\s,]*/gi, '$1: <id>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, '<address>'],
  [/([a-z0-9])-[a-f0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1-<pod>'],
  [/\b[0-9a-f]{12,64}\b/gi, '<id>'],
  [/\b0x[0-9a-f]+\b/gi, '<id>'],
  [/\b\d+(?:\.\d+)?(?:ns|µs|us|ms|s|m|h)\b/g, '<duration>'],
  [/\b(attempts?|retry|retries|tries|after|in|count|port|pid|process)([ =:#]+)\d+\b/gi, '$1$2<n>'],
];

/** ModelMesh shows a failure with or without the exception that carried it (io.grpc.StatusRuntimeException). */
const wrapping = /^(?:[\w$]+(?:\.[\w$]+)*(?:Exception|Error): )+(?:[A-Z_]+: )?|^UNKNOWN: /;

/** KServe's text on one line, without credentials and without what changes although nothing happened. */
export function toLastingText(text: string): SafeText {
  let lasting = maskLine(text)
    .replace(wrapping, '')
    .replace(/[^\s"']+/g, cutQuery);
  for (const [pattern, name] of passing) lasting = lasting.replace(pattern, name);
  lasting = lasting.replace(/[\w:[\]]+/g, (word) => {
    // It ends an address in a sentence.
    const end = word.endsWith(':') ? ':' : '';
    return isAddress(word.slice(0, word.length - end.length)) ? `<address>${end}` : word;
  });
  return mask(lasting.length > maxLength ? `${lasting.slice(0, maxLength - 1)}…` : lasting);
}

/** Query strings and fragments of URIs may sign requests: nothing of them may reach git. */
function cutQuery(word: string): string {
  const start = word.indexOf('://');
  const end = start < 0 ? -1 : word.slice(start).search(/[?#]/);
  return end < 0 ? word : word.slice(0, start + end);
}

/** IPv6, in brackets and with a port or without. */
function isAddress(word: string): boolean {
  return /^[0-9a-f:[\]]+$/i.test(word) && word.split(':').length > 3;
}
