/**
 * The regularized incomplete beta function I_x(a, b) for a, b > 0 and 0 ≤ x ≤ 1, to about twelve digits.
 * Continued fraction by Lentz's method (Numerical Recipes §6.4); its steps grow with the root of a + b.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast left of the mean only; the other side is its mirror image.
  return x <= (a + 1) / (a + b + 2) ? (density(x, a, b) * fraction(x, a, b)) / a : 1 - (density(x, a, b) * fraction(1 - x, b, a)) / b;
}

/** The x at which I_x(a, b) reaches `share`, by bisection down to neighbouring numbers. */
export function inverseIncompleteBeta(share: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) return middle;
    if (incompleteBeta(middle, a, b) < share) low = middle;
    else high = middle;
  }
}

/**
 * x^a (1 − x)^b / B(a, b). Written with ratios near 1 and Stirling's error terms (Loader 2000), because the logarithms of
 * factorials of a million cancel to too few digits.
 */
function density(x: number, a: number, b: number): number {
  const sum = a + b;
  const powers = a * Math.log((x * sum) / a) + b * Math.log(((1 - x) * sum) / b);
  return Math.exp(powers + stirlingError(sum) - stirlingError(a) - stirlingError(b)) * Math.sqrt((a / sum) * (b / (2 * Math.PI)));
}

/** ln Γ(z) − ((z − ½) ln z − z + ½ ln 2π). */
function stirlingError(z: number): number {
  let shifted = z;
  let error = 0;
  for (; shifted < 15; shifted += 1) error += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
  const square = shifted * shifted;
  return error + (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / shifted;
}

function fraction(x: number, a: number, b: number): number {
  // Lentz's guard against a zero denominator.
  const nonZero = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; ; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    const change = d * c;
    result *= change;
    if (Math.abs(change - 1) < 1e-15 || m > 1e6) return result;
  }
}
