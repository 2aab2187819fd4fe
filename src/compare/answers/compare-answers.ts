import type { AgreementRules } from '../../core/analysis/analysis.ts';
import type { Agreement } from './agreement.ts';
import { compareJson } from './compare-json.ts';
import { compareTensors } from './compare-tensors.ts';
import { findFormat } from './format.ts';
import { readGrpcAnswer } from './grpc-answer.ts';
import { readFrame } from './grpc-frame.ts';
import { scanJson } from './json-scan.ts';
import { JsonTable } from './json-table.ts';
import { namesVersion } from './names-version.ts';
import type { Place } from './place.ts';
import { toPlaceOf } from './place-of-rules.ts';
import type { Call, Reply } from './reply.ts';
import { hasSameBytes } from './same-bytes.ts';
import type { Tensors } from './tensor.ts';
import { lengthHeader, readV2Answer } from './v2-json.ts';

/**
 * Whether two answers to one request agree. Whatever their bytes are, it does not throw, and takes time in proportion
 * to them.
 *
 * Answers of the V2 protocol agree in their outputs alone: the model's name and version, the request's id and
 * parameters are not compared. JSON is compared as values, and all else as bytes.
 *
 * @param primary an answer, as `judgeReply` says, as is the candidate's.
 */
export function compareAnswers(call: Call, primary: Reply, candidate: Reply, rules: AgreementRules): Agreement {
  try {
    return compare(call, primary, candidate, rules);
  } finally {
    for (const table of tables) table.clear();
  }
}

/** Of the primary's answer and the candidate's: written again for each pair, as no call waits for anything. */
const tables = [new JsonTable(), new JsonTable()] as const;

function compare(call: Call, primary: Reply, candidate: Reply, rules: AgreementRules): Agreement {
  if (primary.status !== candidate.status) return { agrees: false, code: 'status' };
  const format = findFormat(call, primary);
  const other = findFormat(call, candidate);
  if (isOpaque(format)) return { agrees: undefined, code: format };
  if (isOpaque(other)) return { agrees: undefined, code: other };
  const isSame =
    hasSameBytes(primary.body, candidate.body) && primary.headers[lengthHeader] === candidate.headers[lengthHeader];
  if (format === 'bytes') return isSame ? { agrees: true } : { agrees: false, code: 'bytes' };
  const place = toPlaceOf(rules, format);
  if (format === 'grpc') return compareV2(call, primary, candidate, isSame, place, readGrpcReply);
  if (format === 'v2') return compareV2(call, primary, candidate, isSame, place, readV2Answer);
  return compareDocuments(primary, candidate, isSame, place);
}

function compareDocuments(primary: Reply, candidate: Reply, isSame: boolean, place: Place): Agreement {
  const one = scanJson(primary.body, tables[0]);
  if (one === undefined) return { agrees: undefined, code: 'unreadable' };
  const other = isSame ? one : scanJson(candidate.body, tables[1]);
  if (other === undefined) return { agrees: false, code: 'unreadable' };
  const finding = isSame ? undefined : compareJson(one, other, place);
  return finding === undefined ? { agrees: true } : { agrees: false, ...finding };
}

type Opaque = 'streamed' | 'compressed';

/** What cannot be compared, whatever is in it. */
function isOpaque(found: unknown): found is Opaque {
  return found === 'streamed' || found === 'compressed';
}

/** @param isSame the candidate's answer has the same bytes: reading one of them is enough. */
function compareV2(
  { versions }: Call,
  primary: Reply,
  candidate: Reply,
  isSame: boolean,
  place: Place,
  read: (reply: Reply, table: JsonTable) => Tensors | Opaque | undefined,
): Agreement {
  const one = read(primary, tables[0]);
  if (isOpaque(one)) return { agrees: undefined, code: one };
  if (one === undefined) return { agrees: undefined, code: 'unreadable' };
  const other = isSame ? one : read(candidate, tables[1]);
  if (isOpaque(other)) return { agrees: undefined, code: other };
  if (other === undefined) return { agrees: false, code: 'unreadable' };
  const isSwapped =
    versions !== undefined &&
    (namesVersion(one.model, versions.candidate) || namesVersion(other.model, versions.primary));
  if (isSwapped) return { agrees: undefined, code: 'same-version' };
  const finding = compareTensors(one.outputs, other.outputs, place.go('outputs'));
  if (finding === undefined) return { agrees: true };
  if (finding.code === 'unreadable primary') return { agrees: undefined, code: 'unreadable' };
  return { agrees: false, ...finding, code: finding.code };
}

function readGrpcReply({ body }: Reply): Tensors | Opaque | undefined {
  const message = readFrame(body);
  return message === undefined || isOpaque(message) ? message : readGrpcAnswer(message);
}
