// Activations, their derivatives, and what an integral over them must know.

import { normalBelow } from "./special.mjs";

const ALPHA = 1.6732632423543772;
const SCALE = 1.0507009873554805;

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

// A slope: z for positive z and az for negative; such functions are homogeneous of degree one.
const leaky = (label, slope) => ({
  label,
  slope,
  kinks: slope === 1 ? [] : [0],
  f: (z) => (z > 0 ? z : slope * z),
  df: (z) => (z > 0 ? 1 : slope),
  torch: slope === 1 ? "z" : slope ? `torch.where(z > 0, z, ${slope} * z)` : "z.relu()",
});

export const ACTIVATIONS = {
  linear: leaky("none (linear)", 1),
  relu: leaky("ReLU", 0),
  leaky_relu: leaky("leaky ReLU, slope ¼", 0.25),
  tanh: {
    label: "tanh",
    kinks: [],
    f: Math.tanh,
    df: (z) => 1 - Math.tanh(z) ** 2,
    torch: "z.tanh()",
  },
  sigmoid: {
    label: "sigmoid",
    kinks: [],
    f: sigmoid,
    df: (z) => sigmoid(z) * sigmoid(-z),
    torch: "z.sigmoid()",
  },
  gelu: {
    label: "GELU",
    kinks: [],
    f: (z) => z * normalBelow(z),
    df: (z) => normalBelow(z) + z * density(z),
    torch: "torch.nn.functional.gelu(z)",
  },
  selu: {
    label: "SELU",
    kinks: [0],
    f: (z) => SCALE * (z > 0 ? z : ALPHA * Math.expm1(z)),
    df: (z) => SCALE * (z > 0 ? 1 : ALPHA * Math.exp(z)),
    torch: "torch.selu(z)",
  },
};

/** Whether a function is two straight lines that meet at 0. */
export const isHomogeneous = (activation) => activation.slope !== undefined;

/** The two straight lines that an activation is for huge preactivations, if it grows. */
export const seenFromFar = ({ df }) => ({ slope: df(-1e16) / df(1e16), kinks: [0] });
