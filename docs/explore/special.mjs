// Special functions that JavaScript lacks, to about fifteen digits.

/** The normal distribution function. */
export function normalBelow(x) {
  if (Math.abs(x) > 40) return x > 0 ? 1 : 0; // where its tail is no number
  const z = Math.abs(x) / Math.SQRT2;
  const upper = z < 2.5 ? (1 - erfSeries(z)) / 2 : erfcFraction(z) / 2;
  return x > 0 ? 1 - upper : upper;
}

// erf z = 2/√π e^(−z²) (z + 2z³/3 + 4z⁵/15 + …): no term cancels another
function erfSeries(z) {
  let term = z;
  let sum = z;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (2 * z * z) / (2 * k + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}

// erfc z = e^(−z²)/√π · 1/(z + (1/2)/(z + 1/(z + (3/2)/(z + …))))
function erfcFraction(z) {
  let below = z;
  for (let k = Math.ceil(8 + 300 / z ** 2); k > 0; k--) below = z + k / 2 / below;
  return Math.exp(-z * z) / (Math.sqrt(Math.PI) * below);
}

/** The digamma function of a positive number. */
export function digamma(x) {
  let sum = 0;
  for (; x < 12; x++) sum -= 1 / x;
  const y = 1 / (x * x);
  const tail =
    1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - (y * 691) / 32760))));
  return sum + Math.log(x) - 1 / (2 * x) - y * tail;
}

/** The derivative of the digamma function of a positive number. */
export function trigamma(x) {
  let sum = 0;
  for (; x < 14; x++) sum += 1 / (x * x);
  const y = 1 / (x * x);
  const tail = 1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - (y * 691) / 2730))));
  return sum + 1 / x + y / 2 + (y / x) * tail;
}

/** Nodes and weights of Gauss and Legendre on [−1, 1], by Newton's method. */
export function legendreRule(count) {
  const nodes = [];
  const weights = [];
  for (let at = 0; at < count; at++) {
    let x = -Math.cos((Math.PI * (at + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let step = 0; step < 6; step++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= count; k++)
        [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (count * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  return [nodes, weights];
}
