/** Half of ln 2π. */
const halfLogTwoPi = 0.9189385332046727;

/**
 * The logarithm of the beta function for x, y > 0, to about 1e-13, or to 1e-15 of its size where that is more.
 *
 * ln Γ(x) + ln Γ(y) − ln Γ(x + y) would lose nearly all digits where one of them is large. So both are raised to ten and
 * more by B(x, y) = B(x + 1, y) (x + y) / x, and from there the large parts of Stirling's series are taken off by hand
 * (Didonato and Morris, TOMS 708, `betaln`).
 */
export function logBeta(x: number, y: number): number {
  let small = Math.min(x, y);
  let large = Math.max(x, y);
  let raised = 1;
  for (; small < 10; small++) raised *= (small + large) / small;
  for (; large < 10; large++) raised *= (small + large) / large;
  const sum = small + large;
  return (
    Math.log(raised) +
    halfLogTwoPi -
    0.5 * Math.log(large) +
    (small - 0.5) * Math.log(small / sum) -
    large * Math.log1p(small / large) +
    (correct(small) + correct(large) - correct(sum))
  );
}

/** What Stirling's formula lacks of ln Γ(x); for x ≥ 10 to 1e-16. */
function correct(x: number): number {
  const t = 1 / (x * x);
  return (
    (1 / 12 + t * (-1 / 360 + t * (1 / 1260 + t * (-1 / 1680 + t * (1 / 1188 + t * (-691 / 360_360 + t / 156)))))) / x
  );
}
