/** The answers of which each has a form of its own: text as typed → value, or what is wrong with it. */
import { Fault } from '../../core/diagnostics/fault.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import type { PlainMap } from '../../core/input/plain-value.ts';
import type { Protocol } from '../../core/input/schema.ts';
import { findMode, modeNames } from '../../core/serving/modes.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';

/** In place of a mode: the one that the cluster shows. */
export const autoMode = 'auto';

/** @throws Fault when KServe has no such mode, or it cannot be mirrored. */
export function toMode(name: string): ServingMode {
  const mode = findMode(name) ?? findMode(modeNames.find((known) => known.toLowerCase() === name.toLowerCase()));
  if (mode !== undefined) return mode;
  const meant = suggest(name, [...modeNames, autoMode]);
  throw new Fault(
    'usage',
    safe`--mode ${quote(name)} is no mode of KServe that can be mirrored`,
    meant === undefined
      ? safe`pass ${join([...modeNames, autoMode].map(mask), ' or ')}`
      : safe`did you mean ${mask(meant)}?`,
  );
}

/** @param text as in `grpc,rest`. @returns undefined: none is named. @throws Fault when the mode has no such protocol. */
export function toProtocols(text: string | undefined, mode: ServingMode): readonly Protocol[] | undefined {
  const names = (text ?? '').split(/[\s,]+/).filter((name) => name !== '');
  if (names.length === 0) return undefined;
  return names.map((name) => {
    const found = mode.protocols.find((known) => known === name.toLowerCase());
    if (found !== undefined) return found;
    const meant = suggest(name, mode.protocols);
    throw new Fault(
      'usage',
      safe`${mask(mode.name)} has no protocol ${quote(name)}`,
      meant === undefined
        ? safe`pass one or more of ${join(mode.protocols.map(mask), ', ')}, as in --protocol ${mode.protocols[0]}`
        : safe`did you mean ${mask(meant)}?`,
    );
  });
}

/** As KServe's schema has quantities (resource.Quantity). */
const quantity = /^[0-9]+(?:\.[0-9]+)?(?:[KMGTPE]i|[numkMGTPE])?$/;
const names: Readonly<Record<string, string>> = { cpu: 'cpu', memory: 'memory', gpu: 'nvidia.com/gpu' };

/**
 * What is reserved for a Pod is also the most that it gets: then it is never evicted for what others use, and Kubernetes
 * takes GPUs no other way.
 *
 * @param text as in `cpu=1,memory=2Gi,gpu=1`. @throws Fault when it is none of these.
 */
export function toResources(text: string | undefined): PlainMap | undefined {
  const parts = (text ?? '').split(/[\s,]+/).filter((part) => part !== '');
  if (parts.length === 0) return undefined;
  const amounts: Record<string, string> = {};
  for (const part of parts) {
    const [, name = '', amount = ''] = /^([^=]+)=(.*)$/.exec(part) ?? [];
    const known = Object.hasOwn(names, name) ? names[name] : name.includes('/') ? name : undefined;
    if (known === undefined || !quantity.test(amount))
      throw new Fault(
        'usage',
        safe`${quote(part)} is no amount of a resource`,
        safe`write cpu=1,memory=2Gi,gpu=1, or what of it a Pod needs`,
      );
    amounts[known] = amount;
  }
  return { requests: amounts, limits: amounts };
}

/** @throws Fault when it is no percentage. */
export function toPercentage(text: string): number {
  const percentage = /^\d+(\.\d+)? ?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(percentage <= 100))
    throw new Fault('usage', safe`${quote(text)} is not a percentage`, safe`pass a number from 0 to 100`);
  return percentage;
}

/** Why a text is no address of a stored model in this mode: a clause with what a right one looks like. */
export function refuseAddress(text: string, mode: ServingMode): string | undefined {
  const [, scheme, rest = ''] = /^([A-Za-z][-+.\w]*):\/\/(.*)$/.exec(text) ?? [];
  const example = 's3://models/wisdom-v1';
  if (scheme === undefined) return `begin with ${list(mode.schemes)}, as in ${example}`;
  if (!mode.schemes.includes(scheme))
    return `${mode.name} does not load ${scheme.slice(0, 20)}:// by itself: as in ${example}`;
  if (/\s/.test(text)) return `an address has no spaces, as in ${example}`;
  return rest.replace(/^\/+/, '') === '' ? `say what to load after ${scheme}://, as in ${example}` : undefined;
}

function list(schemes: readonly string[]): string {
  const texts = schemes.slice(0, 5).map((scheme) => `${scheme}://`);
  return `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}
