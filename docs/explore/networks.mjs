// Networks drawn, run and forgotten: each layer's weights are drawn where they are needed.
//
//   plain     h = f(W h)            residual     h = h + s W₂ f(W₁ h), W₂ of variance 1/n
//
// Weights and all that is stored are numbers of the format. In float32 each product and each sum is
// rounded; in the formats of 16 bits sums are made in float32, as processors make them, and what is
// stored is rounded.

import { ACTIVATIONS } from "./activations.mjs";
import { FORMATS } from "./formats.mjs";
import { matrix, standard } from "./random.mjs";
import { branchScale, isResidual, weightVariance, widths } from "./shapes.mjs";

const arrayOf = (format) => (format === "float64" ? Float64Array : Float32Array);

/** The matrix of a layer, row by row; its streams are named by network and layer. */
export function weights(settings, network, layer, fanIn, fanOut, variance) {
  const { round } = FORMATS[settings.format];
  const deviation = Math.sqrt(variance);
  const drawn = matrix(settings.distribution, fanOut, fanIn, settings.seed, network, layer);
  const out = new (arrayOf(settings.format))(drawn.length);
  for (let at = 0; at < out.length; at++) out[at] = round(deviation * drawn[at]);
  return out;
}

// Two loops, so that each is compiled for one kind of number.
function product64(matrix, vector, out) {
  for (let row = 0, at = 0; row < out.length; row++) {
    let sum = 0;
    for (let column = 0; column < vector.length; column++, at++) sum += matrix[at] * vector[column];
    out[row] = sum;
  }
}

function product32(matrix, vector, out) {
  const { fround } = Math;
  for (let row = 0, at = 0; row < out.length; row++) {
    let sum = fround(0);
    for (let column = 0; column < vector.length; column++, at++)
      sum = fround(sum + fround(matrix[at] * vector[column]));
    out[row] = sum;
  }
}

function transposed64(matrix, vector, out) {
  for (let row = 0, at = 0; row < vector.length; row++)
    for (let column = 0; column < out.length; column++, at++)
      out[column] += matrix[at] * vector[row];
}

function transposed32(matrix, vector, out) {
  const { fround } = Math;
  for (let row = 0, at = 0; row < vector.length; row++)
    for (let column = 0; column < out.length; column++, at++)
      out[column] = fround(out[column] + fround(matrix[at] * vector[row]));
}

/** The arithmetic of a format. */
function arithmetic(format) {
  const { round } = FORMATS[format];
  const Numbers = arrayOf(format);
  const wide = format === "float64";
  const multiply = (loop) => (matrix, vector, length) => {
    const out = new Numbers(length);
    loop(matrix, vector, out);
    return out.map(round);
  };
  return {
    times: multiply(wide ? product64 : product32),
    timesTransposed: multiply(wide ? transposed64 : transposed32),
    map: (values, f) => values.map((value, at) => round(f(value, at))),
    rounded: (values) => Numbers.from(values, round),
    // As a library computes it in the format, with sums in float32: squares may be lost.
    meanSquare: (values) => {
      const add = wide ? (x) => x : Math.fround;
      return round(
        add(values.reduce((total, value) => add(total + round(value * value)), 0) / values.length),
      );
    },
  };
}

/** log₂ of the root mean square, at any size: −∞ for zeros, ∞ where a number is no longer finite. */
export function logRms(values) {
  let largest = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) return Infinity;
    largest = Math.max(largest, Math.abs(value));
  }
  if (largest === 0) return -Infinity;
  let sum = 0;
  for (const value of values) sum += (value / largest) ** 2;
  return Math.log2(largest) + Math.log2(sum / values.length) / 2;
}

/** 1 minus the cosine of two vectors, accurate for small angles; NaN if either has no direction. */
export function gapBetween(one, other) {
  const [a, b] = [logRms(one), logRms(other)];
  if (!Number.isFinite(a) || !Number.isFinite(b)) return NaN;
  // Halves of the exponents, as 2^1074 is no number.
  const [p, r] = [2 ** (-a / 2), 2 ** (-b / 2)];
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] * p * p - other[at] * r * r) ** 2;
  return sum / one.length / 2;
}

/** Project an image to a width, with weights that all networks share, to a mean square of 1. */
export function embed(settings, image) {
  const { distribution, seed } = settings;
  const out = new Float64Array(widths(settings)[0]);
  product64(matrix(distribution, out.length, image.length, seed, 0, 0), image, out);
  const size = 2 ** logRms(out);
  return out.map((value) => value / size);
}

/** Run one network forward for two embedded images, and backward for the first of them. */
export function run(settings, network, inputs) {
  const { depth, format, seed } = settings;
  const all = widths(settings);
  const { f, df } = ACTIVATIONS[settings.activation];
  const { times, timesTransposed, map, rounded, meanSquare } = arithmetic(format);
  const residual = isResidual(settings);
  const scale = branchScale(settings);
  const matrices = (layer) => {
    const [fanIn, fanOut] = [all[layer - 1], all[layer]];
    const draw = (at, variance) => weights(settings, network, at, fanIn, fanOut, variance);
    const variance = weightVariance(settings, fanIn, fanOut);
    return residual
      ? [draw(2 * layer - 1, variance), draw(2 * layer, 1 / fanIn)]
      : [draw(layer, variance)];
  };

  let signals = inputs.map(rounded);
  const sizes = [logRms(signals[0])];
  const gaps = [gapBetween(...signals)];
  const preactivations = [null];
  const activations = [signals[0]];
  let squaresEnd = Infinity;
  for (let layer = 1; layer <= depth; layer++) {
    const size = all[layer];
    const [inner, outer] = matrices(layer);
    signals = signals.map((signal, which) => {
      const z = times(inner, signal, size);
      if (which === 0) preactivations.push(z);
      const h = map(z, f);
      if (!residual) return h;
      const branch = times(outer, h, size);
      return map(signal, (value, at) => value + scale * branch[at]);
    });
    activations.push(signals[0]);
    sizes.push(logRms(signals[0]));
    gaps.push(gapBetween(...signals));
    if (squaresEnd === Infinity && meanSquare(signals[0]) === 0) squaresEnd = layer;
  }

  let gradient = rounded(standard("gaussian", all[depth], seed, network, 2 * depth + 1));
  const gradients = [logRms(gradient)];
  for (let layer = depth; layer > 0; layer--) {
    const [inner, outer] = matrices(layer);
    const slopes = preactivations[layer];
    const above = residual
      ? timesTransposed(
          outer,
          map(gradient, (value) => scale * value),
          all[layer],
        )
      : gradient;
    const below = timesTransposed(
      inner,
      map(above, (value, at) => value * df(slopes[at])),
      all[layer - 1],
    );
    gradient = residual ? map(below, (value, at) => value + gradient[at]) : below;
    gradients.unshift(logRms(gradient));
  }
  return { sizes, gradients, gaps, squaresEnd, activations };
}

/** The first layer that is all zero or no longer finite; one more than there are if none is. */
export function endingLayer(sizes) {
  const at = sizes.findIndex((size) => !Number.isFinite(size));
  return at < 0 ? sizes.length : at;
}
