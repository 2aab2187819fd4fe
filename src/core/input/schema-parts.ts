/** The building blocks of the schemas of the three kinds. */
import * as v from 'valibot';
import { isMap } from './plain-value.ts';

/** valibot accepts a list as an object; in a file, that is an error. */
function asMap<S extends v.GenericSchema>(schema: S) {
  return v.pipe(v.custom<v.InferInput<S>>(isMap), schema);
}

/** A map with these fields and no others. */
export const fields = <E extends v.ObjectEntries>(entries: E) => asMap(v.strictObject(entries));

/** A map with these fields and any others. */
export const looseFields = <E extends v.ObjectEntries>(entries: E) => asMap(v.looseObject(entries));

/** A map with any keys. */
export const mapOf = <S extends v.GenericSchema>(values: S) => asMap(v.record(v.string(), values));

/** The description of a field, which editors show. */
export const said = <S extends v.GenericSchema>(schema: S, words: string) => v.pipe(schema, v.description(words));

/** A field that may be absent, and its description. */
export const optional = <S extends v.GenericSchema>(schema: S, words: string) => v.optional(said(schema, words));

/**
 * A field that may be absent, but not empty: without it more is allowed, and nobody empties a limit or the brake on
 * purpose.
 */
export const optionalButFilled = <S extends v.GenericSchema>(schema: S, words: string) => {
  const field = optional(schema, words);
  neverEmpty.add(field);
  return field;
};

const neverEmpty = new WeakSet<object>();

export const mustBeFilled = (field: object): boolean => neverEmpty.has(field);

/** The first two fields of every file. */
export const header = <K extends string>(kind: K) => ({
  apiVersion: said(v.literal(apiVersion), 'The version of this file format.'),
  kind: said(v.literal(kind), 'What this file holds.'),
});

export const apiVersion = 'model-mirror.dev/v1alpha1';

export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
/** A value of `metadata.labels` (Kubernetes API conventions). */
export const labelText = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** Istio's webhook accepts Go durations of whole milliseconds, at least one (ValidateDuration, pkg/config/validation). */
const goDuration = /^(?=.*[1-9])([0-9]+(\.[0-9]+)?(h|m|s|ms))+$/;
const durationPart = /([0-9]+)(?:\.([0-9]+))?(h|ms|m|s)/gy;
const unitMs = { h: 3_600_000n, m: 60_000n, s: 1000n, ms: 1n } as const;
/** A Go duration is at most 2^63 - 1 nanoseconds. */
const maxDurationMs = 9_223_372_036_854n;

/** Exact; undefined when it is not a whole number of milliseconds, or more than Go can represent. */
export function toMilliseconds(duration: string): bigint | undefined {
  const scale = 10n ** 9n;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit] of duration.matchAll(durationPart)) {
    if (whole.length > 20 || fraction.length > 9) return undefined;
    total += BigInt(whole + fraction.padEnd(9, '0')) * unitMs[unit as keyof typeof unitMs];
  }
  return total % scale === 0n && total / scale <= maxDurationMs ? total / scale : undefined;
}
/** RFC 6901. */
const jsonPointer = /^(\/([^/~]|~[01])*)*$/;
/** `mesh` stands for all sidecars in Istio. */
const gatewayReference = /^(?!mesh$)(?:[a-z0-9]+(?:-+[a-z0-9]+)*\/)?[a-z0-9]+(?:[-.]+[a-z0-9]+)*$/;

// The message of a check has two lines: what is wrong, and what to do.

export const text = () => v.pipe(v.string(), v.minLength(1, 'this is empty\nset a value, or remove the field'));

export const name = () =>
  v.pipe(
    v.string(),
    v.regex(
      dnsLabel,
      'this is not a valid Kubernetes name\nuse lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit',
    ),
  );

/** A namespace, or `*` for all. */
export const namespaceOrAll = () =>
  v.pipe(
    v.string(),
    v.regex(
      /^(\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/,
      'this is not the name of a namespace\nuse at most 63 lower-case letters, digits and "-", or "*" for all namespaces',
    ),
  );

export const labelValue = () =>
  v.pipe(
    v.string(),
    v.regex(
      labelText,
      'this is not a label value\nuse at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
    ),
  );

export const hostName = () =>
  v.pipe(
    v.string(),
    v.maxLength(246, 'the host is too long\nuse at most 246 characters: Istio may append "-shadow"'),
    v.regex(
      dnsName,
      'this is not a host name\nuse lower-case letters, digits, "-" and ".", without port or wildcard, as in wisdom.example.com',
    ),
  );

/** Short enough that Istio accepts the longest host with it, `<name>.<namespace>.svc.<domain>-shadow`. */
export const clusterDomain = () =>
  v.pipe(
    v.string(),
    v.maxLength(100, 'the domain is too long\nuse at most 100 characters'),
    v.regex(
      dnsName,
      'this is not a DNS name\nuse lower-case letters, digits, "-" and ".", as in cluster.local, without a dot at either end',
    ),
  );

export const gatewayName = () =>
  v.pipe(
    v.string(),
    v.maxLength(63, 'the name is too long\nuse at most 63 characters'),
    v.regex(
      gatewayReference,
      'this is not the name of a Gateway\nwrite name or namespace/name; "mesh" stands for all sidecars and cannot be one',
    ),
  );

export const port = () =>
  v.pipe(
    v.number(),
    v.integer('a port is a whole number\nwrite a number from 1 to 65535'),
    v.minValue(1, 'a port is at least 1\nwrite a number from 1 to 65535'),
    v.maxValue(65535, 'a port is at most 65535\nwrite a number from 1 to 65535'),
  );

export const copiesInFlight = () =>
  v.pipe(
    v.number(),
    v.integer('a number of copies is a whole number\nwrite a number from 1 to 1000'),
    v.minValue(
      1,
      'without any copy in flight none arrives\nwrite a number from 1 to 1000; mirrorPercentage: 0 closes the mirror',
    ),
    v.maxValue(1000, 'more than 1000 copies in flight is not a limit\nwrite a number from 1 to 1000'),
  );

export const percentage = () =>
  v.pipe(
    v.number(),
    v.minValue(0, 'a percentage is at least 0\nwrite a number from 0 to 100'),
    v.maxValue(100, 'a percentage is at most 100\nwrite a number from 0 to 100'),
    v.check(
      (value) => Math.round(value * 10_000) / 10_000 === value,
      "finer than 0.0001, which is Envoy's resolution\nwrite at most four decimals",
    ),
  );

export const duration = () =>
  v.pipe(
    v.string(),
    v.regex(goDuration, 'this is not a duration\nwrite a number with h, m, s or ms, as in 2s or 500ms; at least 1ms'),
    v.check(
      (value) => !goDuration.test(value) || toMilliseconds(value) !== undefined,
      'Istio accepts whole milliseconds, and at most 292 years\nwrite at least 1ms, without a fraction of it',
    ),
  );

export const podSelector = () =>
  v.pipe(
    mapOf(v.string()),
    v.minEntries(1, 'an empty selector selects every gateway\nname at least one label, as in istio: ingressgateway'),
  );

export const storagePrefix = () =>
  v.pipe(
    v.string(),
    v.regex(
      /^[a-z][-+.a-z0-9]*:\/\/[^\s\\%*?#]*$/,
      'this is not the beginning of an address\nwrite a scheme and what follows, as in s3://models or s3://models/team-a; parts of the path count as a whole, without wildcards',
    ),
  );

export const pointer = () =>
  v.pipe(
    v.string(),
    v.regex(
      jsonPointer,
      'this is not a JSON pointer\nbegin with "/" and write "~1" for "/" and "~0" for "~" inside a key, as in /metadata/annotations/a.b~1c',
    ),
  );
