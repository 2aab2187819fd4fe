"""An independent oracle of the rule beta-binomial/1, by its definition: mpmath in 40 digits, and scipy in doubles.

Reads cases as JSON, [[bad, all, limit, alpha], ...], from standard input. Writes for each the two bounds by mpmath, by
bisection; the same by scipy (betaln, brentq) where its doubles are good for it, otherwise null; and ln B(bad + a, good + b)
by mpmath.
"""

import json
import math
import sys

from mpmath import mp, mpf
from scipy.optimize import brentq
from scipy.special import betaln

mp.dps = 40


def log_beta(x, y):
    return mp.loggamma(x) + mp.loggamma(y) - mp.loggamma(x + y)


def bisect(is_left, low, high):
    # In the logarithm of p: 2^-60 of 100 is finer than any double of it.
    for _ in range(60):
        middle = (low + high) / 2
        if is_left(middle):
            low = middle
        else:
            high = middle
    return mp.exp((low + high) / 2)


def exact(bad, count, limit, alpha):
    good = count - bad
    a = mpf(1) / 2
    b = a / mpf(limit) if limit > 0 else a
    left = log_beta(bad + a, good + b)
    constant = left - log_beta(a, b) + mp.log(mpf(alpha))

    def refutes(log_p):
        likelihood = mpf(0)
        if bad > 0:
            likelihood += bad * log_p
        if good > 0:
            likelihood += good * mp.log(-mp.expm1(log_p))
        return constant > likelihood

    seen = mp.log(mpf(bad) / count) if bad > 0 else mpf(-100)
    low = bisect(refutes, mpf(-100), seen) if bad > 0 else mpf(0)
    high = bisect(lambda log_p: not refutes(log_p), seen, mpf(0)) if good > 0 else mpf(1)
    return left, low, high


def doubles(bad, count, limit, alpha):
    # Beyond, the logarithms are so large that their last digit is more than a billionth.
    if count > 1e5 or not 0 < bad < count:
        return None
    good = count - bad
    b = 0.5 / limit if limit > 0 else 0.5
    constant = betaln(bad + 0.5, good + b) - betaln(0.5, b) + math.log(alpha)

    def evidence(p):
        return constant - bad * math.log(p) - good * math.log1p(-p)

    seen = bad / count
    options = {"xtol": 1e-300, "rtol": 1e-14, "maxiter": 1000}
    high = brentq(evidence, seen, math.nextafter(1, 0), **options) if evidence(math.nextafter(1, 0)) > 0 else None
    return [brentq(evidence, 1e-40, seen, **options), high]


for case in json.load(sys.stdin):
    left, low, high = exact(*case)
    print(json.dumps([mp.nstr(left, 25), mp.nstr(low, 25), mp.nstr(high, 25), doubles(*case)]))
