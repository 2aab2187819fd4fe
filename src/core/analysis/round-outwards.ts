import type { Bounds } from './beta-binomial.ts';

/**
 * Bounds with two significant digits, away from each other. With more, where two would say something else about the limit:
 * what is a verdict's reason stays visible in its figures.
 */
export function roundOutwards({ low, high }: Bounds, { above, below }: { above: number; below: number }): Bounds {
  return {
    low: round(low, -1, (rounded) => low > above && !(rounded > above)),
    high: round(high, 1, (rounded) => high <= below && !(rounded <= below)),
  };
}

function round(value: number, direction: 1 | -1, misleads: (rounded: number) => boolean): number {
  for (let digits = 2; digits < 17; digits++) {
    const rounded = roundTo(value, digits, direction);
    if (!misleads(rounded)) return rounded;
  }
  return value;
}

/** Of a number from 0 to 1. Counts in units of the last digit, as decimals, so that no rounding of binary fractions interferes. */
function roundTo(value: number, digits: number, direction: 1 | -1): number {
  const nearest = value.toExponential(digits - 1);
  if (direction * Number(nearest) >= direction * value) return Number(nearest);
  const [mantissa = '', exponent = ''] = nearest.split('e');
  const units = Number(mantissa.replace('.', ''));
  // Below a power of ten, the last digit is worth a tenth.
  if (direction === -1 && units === 10 ** (digits - 1)) return Number(`${units * 10 - 1}e${Number(exponent) - digits}`);
  return Number(`${units + direction}e${Number(exponent) - digits + 1}`);
}
