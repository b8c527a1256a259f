// What the study derives, for each layer of a network: log₂ of root mean squares, and gaps.

import { ACTIVATIONS, isHomogeneous, seenFromFar } from "./activations.mjs";
import { FORMATS } from "./formats.mjs";
import { derivativeSecondMoment, halfSquareDifference, secondMoment } from "./moments.mjs";
import { branchScale, isResidual, weightVariance, widths } from "./shapes.mjs";
import { digamma, trigamma } from "./special.mjs";

const EULER = 0.5772156649015329;
const NEAR = 1e-100; // variances beyond which an activation is its straight lines
const FAR = 1e16;
const WIDE = 1e6; // and beyond which their two lines are taken for the angle, to be quick

const sum = (terms) => terms.reduce((total, term) => total + term, 0);
const same = (one, other) => Math.abs(one - other) <= 1e-13 * Math.abs(one);
const within = (q) => Math.min(Math.max(q, NEAR), FAR);

/** Mean and variance of ln R, where R = 2/((1 + a²)n) Σ f(gᵢ)² multiplies the mean square. */
export function logNorm(width, slope = 0) {
  return slope === 0 ? reluLogNorm(width) : leakyLogNorm(width, slope);
}

/**
 * The same of a whole layer with such weights. A Gaussian vector has a direction and, independent
 * of it, a length; orthogonal weights leave the length as it is, or of a longer vector a share.
 */
export function layerLogNorm(distribution, fanIn, fanOut, slope = 0) {
  const law = logNorm(fanOut, slope);
  if (distribution !== "orthogonal") return law;
  const length = logNorm(Math.max(fanIn, fanOut), 1);
  return { drift: law.drift - length.drift, variance: law.variance - length.variance };
}

// The number K of open units is binomial, and given it the sum is chi-squared.
function reluLogNorm(width) {
  const shares = [width * 2 ** -width];
  for (let k = 1; k < width; k++) shares.push((shares[k - 1] * (width - k)) / (k + 1));
  const whole = sum(shares);
  const levels = shares.map((_, at) => digamma((at + 1) / 2) + Math.log(4 / width));
  const drift = sum(shares.map((share, at) => share * levels[at])) / whole;
  const spread = shares.map(
    (share, at) => share * (trigamma((at + 1) / 2) + (levels[at] - drift) ** 2),
  );
  return { drift, variance: sum(spread) / whole };
}

// With a slope the transform M(t) = E[e^(−tR)], a power, is integrated over x = ln t.
function leakyLogNorm(width, slope) {
  const scale = 2 / ((1 + slope ** 2) * width);
  let [plain, weighted] = [0, 0];
  for (let at = 0; at < (90 + 60 / width) / 0.1 - 1e-9; at++) {
    const x = -45 + 0.1 * at;
    const t = Math.exp(x);
    const ones = (1 + 2 * scale * t) ** -0.5 + (1 + 2 * scale * slope ** 2 * t) ** -0.5;
    const difference = Math.exp(width * Math.log(ones / 2)) - Math.exp(-t);
    plain += difference;
    weighted += difference * x;
  }
  const drift = -0.1 * plain;
  return { drift, variance: 0.2 * weighted - 2 * EULER * drift - drift ** 2 };
}

/** The layer at which a size comes to a limit so many binary digits away, and two deviations. */
export function crossing(rate, spread, distance) {
  if (distance <= 0) return { layer: 0, early: 0, late: 0 };
  const root = (deviations) => {
    if (rate <= 0) return Infinity;
    const half = (deviations * spread) / (2 * rate);
    return (Math.sqrt(half ** 2 + distance / rate) - half) ** 2;
  };
  return { layer: root(0), early: root(2), late: root(-2) };
}

/** What a layer of equal width adds to log₂ of the root mean square: mean and deviation. */
export function log2Rms(variance, slope, width, distribution = "gaussian") {
  const law = layerLogNorm(distribution, width, width, slope);
  const rate = Math.log2((variance * (1 + slope ** 2)) / 2) / 2 + law.drift / (2 * Math.LN2);
  return { rate, spread: Math.sqrt(law.variance) / (2 * Math.LN2) };
}

/** The layer at which the typical network leaves its format; null where there is no such law. */
export function ending(settings) {
  const { slope } = ACTIVATIONS[settings.activation];
  const all = widths(settings);
  if (slope === undefined || isResidual(settings) || all.some((width) => width !== all[0]))
    return null;
  const { rate, spread } = log2Rms(settings.variance, slope, all[0], settings.distribution);
  const { smallest, largest } = FORMATS[settings.format];
  return rate < 0 ? crossing(-rate, spread, -smallest) : crossing(rate, spread, largest);
}

// log₂ E[f(z)²] for z ~ N(0, 2^log): moments of huge and of tiny signals are those of the lines.
function logSecondMoment(activation, log) {
  if (isHomogeneous(activation)) return log + Math.log2((1 + activation.slope ** 2) / 2);
  const q = within(2 ** log);
  const far = Math.abs(log - Math.log2(q)) > 1e-9;
  return (
    Math.log2(secondMoment(activation, q)) +
    (far && isStraightAt(activation, q) ? log - Math.log2(q) : 0)
  );
}

const isStraightAt = (activation, q) =>
  Math.abs(activation.f(2 * Math.sqrt(q)) / activation.f(Math.sqrt(q)) - 2) < 1e-6;

/** The layers of a network: their fans, and the variance of a preactivation over s of the layer below. */
export function layers(settings) {
  const all = widths(settings);
  return all.slice(1).map((fanOut, at) => {
    const variance = weightVariance(settings, all[at], fanOut);
    return { fanIn: all[at], fanOut, forward: variance * all[at], backward: variance * fanOut };
  });
}

/** log₂ of the expected mean square of the activations of layer 0 to the last, from 1 on. */
export function meanSquares(settings) {
  const activation = ACTIVATIONS[settings.activation];
  const scale = branchScale(settings) ** 2;
  const logs = [0];
  for (const { forward } of layers(settings)) {
    const below = logs.at(-1);
    const branch = logSecondMoment(activation, below + Math.log2(forward));
    logs.push(isResidual(settings) ? below + Math.log2(1 + scale * 2 ** (branch - below)) : branch);
  }
  return logs;
}

/** log₂ of the expected mean square of the gradient by the activations, from 1 at the last layer. */
export function gradients(settings) {
  const activation = ACTIVATIONS[settings.activation];
  const scale = branchScale(settings) ** 2;
  const below = meanSquares(settings);
  const logs = [0];
  const each = layers(settings);
  for (let at = each.length - 1; at >= 0; at--) {
    const q = within(2 ** (below[at] + Math.log2(each[at].forward)));
    const factor = each[at].backward * derivativeSecondMoment(activation, q);
    logs.unshift(logs[0] + Math.log2(isResidual(settings) ? 1 + scale * factor : factor));
  }
  return logs;
}

/**
 * What a finite width adds to the natural logarithm of the mean square, for networks of straight
 * lines: mean and variance of layer 0 to the last; null where there is no such law.
 */
export function fluctuations(settings) {
  const { slope } = ACTIVATIONS[settings.activation];
  if (slope === undefined || isResidual(settings)) return null;
  const laws = new Map();
  const law = (fanIn, fanOut, a = slope) => {
    const key = `${fanIn} ${fanOut} ${a}`;
    if (!laws.has(key))
      laws.set(key, layerLogNorm(fanIn ? settings.distribution : "gaussian", fanIn, fanOut, a));
    return laws.get(key);
  };
  const all = widths(settings);
  const add = (one, other) => ({
    mean: one.mean + other.drift,
    variance: one.variance + other.variance,
  });
  const none = { mean: 0, variance: 0 };
  const forward = [none];
  for (const [at, width] of all.slice(1).entries())
    forward.push(add(forward.at(-1), law(all[at], width)));
  let above = none;
  const backward = [];
  for (let at = all.length - 1; at >= 0; at--) {
    const from = all[at + 1] ?? 0; // above the last layer is a Gaussian vector
    backward.unshift(add(above, law(from, all[at], 1))); // given what is above, of any direction
    above = add(above, law(from, all[at]));
  }
  return { forward, backward };
}

/** 1 minus the cosine of the activations of two inputs of mean square 1, from layer 0 on. */
export function gaps(settings, gap) {
  const activation = ACTIVATIONS[settings.activation];
  const scale = branchScale(settings) ** 2;
  const squares = meanSquares(settings);
  const found = [gap];
  let before = { q: NaN, share: NaN };
  for (const [at, { forward }] of layers(settings).entries()) {
    const q = within(2 ** (squares[at] + Math.log2(forward)));
    // Where a layer has settled it is not computed again: the integral over the plane takes long.
    const settled = same(q, before.q) && same(found[at], before.gap);
    const share = settled
      ? before.share
      : q > WIDE
        ? gapMap(seenFromFar(activation), 1, found[at])
        : gapMap(activation, q, found[at]);
    const branch = scale * 2 ** (logSecondMoment(activation, Math.log2(q)) - squares[at]);
    before = { q, gap: found[at], share };
    found.push(isResidual(settings) ? (found[at] + share * branch) / (1 + branch) : share);
  }
  return found;
}

/** The correlation map of one layer at a variance of the preactivation, without biases. */
export const gapMap = (activation, q, gap) =>
  halfSquareDifference(activation, q, gap) / secondMoment(activation, q);

/** E[f(z)²] of one layer at variance c/fan_in, as a map of the preactivation's variance. */
export const lengthMap = (activation, q, variance) => variance * secondMoment(activation, q);
