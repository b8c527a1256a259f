// Moments of an activation of one centred Gaussian preactivation, and of two that are correlated.
//
// z ~ N(0, q); a second preactivation has the same variance and the correlation 1 − gap. Smooth
// functions are summed in equal steps, others between their kinks, finer near them.

import { isHomogeneous } from "./activations.mjs";
import { legendreRule } from "./special.mjs";

const REACH = 8.5; // standard deviations; the tail beyond is 2e-17
const STRIP = 0.25; // largest step of the preactivation, since tanh has poles at ±iπ/2
const ENTIRE = 0.5; // largest step in standard deviations
const WIDE = 3; // deviation beyond which panels need fewer nodes than equal steps
const TINY = 1e-150;
const CLOSE = 0.01; // nearer pairs are subtracted by way of the derivative

const [NODES, WEIGHTS] = legendreRule(24);
const [FEW, FEW_WEIGHTS] = legendreRule(3);

const density = (u) => Math.exp((-u * u) / 2) / Math.sqrt(2 * Math.PI);
const isSmooth = (activation, deviation) => !activation.kinks.length && deviation <= WIDE;

/** Sum a function of u, standard Gaussian, in equal steps. */
function evenly(deviation, term) {
  const count = Math.ceil(REACH / Math.min(ENTIRE, STRIP / Math.max(deviation, TINY)) / 6) * 6;
  const step = REACH / count;
  let sum = 0;
  for (let at = -count; at <= count; at++) sum += step * density(at * step) * term(at * step);
  return sum;
}

/** Sum a function of u over panels between bends, which are places of the preactivation. */
function inPanels(bends, deviation, term) {
  const scaled = bends.map((bend) => bend / Math.max(deviation, TINY));
  const edges = [-REACH, 0, REACH, ...scaled];
  const around = deviation > WIDE ? scaled : [Math.min(...scaled), Math.max(...scaled)];
  for (let step = 4 / Math.max(deviation, TINY); step < REACH; step *= 4)
    for (const bend of around) edges.push(bend - step, bend + step);
  const inside = edges.map((edge) => Math.min(Math.max(edge, -REACH), REACH)).sort((a, b) => a - b);
  let sum = 0;
  for (let at = 1; at < inside.length; at++) {
    const [low, high] = [inside[at - 1], inside[at]];
    if (low === high) continue;
    const half = (high - low) / 2;
    for (let k = 0; k < NODES.length; k++) {
      const u = (low + high) / 2 + half * NODES[k];
      sum += half * WEIGHTS[k] * density(u) * term(u);
    }
  }
  return sum;
}

/** The mean of a function of z ~ N(0, q). */
export function expectation(activation, q, term) {
  const deviation = Math.sqrt(q) || TINY;
  const inner = (u) => term(deviation * u);
  if (isSmooth(activation, deviation)) return evenly(deviation, inner);
  return inPanels(activation.kinks.length ? activation.kinks : [0], deviation, inner);
}

/** The mean of a function of middle and half difference of two preactivations, even in the half. */
function pairExpectation(activation, q, gap, term) {
  const deviation = Math.sqrt(q) || TINY;
  const along = deviation * Math.sqrt(1 - gap / 2);
  const across = deviation * Math.sqrt(gap / 2);
  if (isSmooth(activation, deviation))
    return evenly(across, (v) =>
      v < 0 ? 0 : (v > 0 ? 2 : 1) * evenly(along, (u) => term(along * u, across * v)),
    );
  const kinks = activation.kinks.length ? activation.kinks : [0];
  const pairs = (combine) => kinks.flatMap((one) => kinks.map((other) => combine(one, other)));
  if (gap <= 1) {
    const meet = pairs((one, other) => (one - other) / 2).filter((place) => place >= 0);
    return inPanels(meet, across, (v) => {
      if (v < 0) return 0;
      const half = across * v;
      const bends = kinks.flatMap((kink) => [kink - half, kink + half]);
      return 2 * inPanels(bends, along, (u) => term(along * u, half));
    });
  }
  return inPanels(
    pairs((one, other) => (one + other) / 2),
    along,
    (u) => {
      const middle = along * u;
      const bends = kinks.flatMap((kink) => [kink - middle, middle - kink]);
      return inPanels(bends, across, (v) => term(middle, across * v));
    },
  );
}

/** E[f(z)²]. */
export function secondMoment(activation, q) {
  if (isHomogeneous(activation)) return (q * (1 + activation.slope ** 2)) / 2;
  return expectation(activation, q, (z) => activation.f(z) ** 2);
}

/** E[f′(z)²]. */
export function derivativeSecondMoment(activation, q) {
  if (isHomogeneous(activation)) return (1 + activation.slope ** 2) / 2;
  return expectation(activation, q, (z) => activation.df(z) ** 2);
}

/** The angle between two vectors, from 1 minus its cosine; accurate for small angles. */
export const angle = (gap) => (gap < 1 ? 2 * Math.asin(Math.sqrt(gap / 2)) : Math.acos(1 - gap));

/** ½ E[(f(z₁) − f(z₂))²], with a small relative error however small the gap is. */
export function halfSquareDifference(activation, q, gap) {
  if (gap === 0) return 0;
  if (isHomogeneous(activation)) {
    const a = activation.slope;
    return (q / 2) * ((1 + a * a) * gap - ((1 - a) ** 2 * sineLessArc(gap)) / Math.PI);
  }
  const near = Math.sqrt((q * gap) / 2) < CLOSE;
  const difference = near
    ? (middle, half) => rise(activation, middle, half)
    : (middle, half) => activation.f(middle + half) - activation.f(middle - half);
  return pairExpectation(activation, q, gap, (middle, half) => difference(middle, half) ** 2) / 2;
}

// sin θ − θ cos θ, by its series where the two nearly cancel
function sineLessArc(gap) {
  const theta = angle(gap);
  if (theta > 0.5) return Math.sqrt(gap * (2 - gap)) - theta * (1 - gap);
  let term = theta ** 3 / 3;
  let sum = 0;
  for (let k = 1; k < 9; k++) {
    sum += term;
    term *= (-(theta ** 2) * (k + 1)) / (k * (2 * k + 2) * (2 * k + 3));
  }
  return sum;
}

// The integral of the derivative from middle − half to middle + half, kink by kink.
function rise(activation, middle, half) {
  const edges = [-Infinity, ...activation.kinks, Infinity];
  let sum = 0;
  for (let at = 1; at < edges.length; at++) {
    const clip = (x) => Math.min(Math.max(x, edges[at - 1] - middle), edges[at] - middle);
    const [start, end] = [clip(-half), clip(half)];
    for (let k = 0; k < FEW.length; k++) {
      const place = middle + ((start + end) / 2 + (FEW[k] * (end - start)) / 2);
      sum += ((FEW_WEIGHTS[k] * (end - start)) / 2) * activation.df(place);
    }
  }
  return sum;
}
