// The settings of the page: their ranges, their place in the address, and the same as commands.

import { ACTIVATIONS } from "./activations.mjs";
import { FORMATS } from "./formats.mjs";
import { FANS, RESIDUALS, SHAPES, widths } from "./shapes.mjs";

const labels = (table) =>
  Object.fromEntries(Object.entries(table).map(([key, { label }]) => [key, label ?? key]));

const NAMES = {
  distribution: {
    gaussian: "Gaussian",
    uniform: "uniform",
    signs: "plus or minus one",
    orthogonal: "orthogonal",
  },
};

const choice = (label, start, options) => ({ label, start, options });
const number = (label, start, min, max, whole = false) => ({ label, start, min, max, whole });
const digit = (label, start) =>
  choice(label, start, Object.fromEntries([..."0123456789"].map((d) => [d, d])));

/** Every setting, in the order of the page. */
export const FIELDS = {
  variance: number("Weight variance times fan, c", 2, 0.1, 4),
  activation: choice("Activation", "relu", labels(ACTIVATIONS)),
  depth: number("Depth", 50, 1, 1000, true),
  width: number("Width", 64, 2, 256, true),
  format: choice("Number format", "float32", labels(FORMATS)),
  shape: choice("Widths", "equal", labels(SHAPES)),
  fan: choice("Variance is c over", "fan_in", labels(FANS)),
  distribution: choice("Weights", "gaussian", NAMES.distribution),
  residual: choice("Residual blocks", "none", labels(RESIDUALS)),
  networks: number("Networks", 12, 1, 200, true),
  seed: number("Seed", 1, 0, 4294967295, true),
  first: digit("First digit", "1"),
  second: digit("Second digit", "2"),
  gradient: choice("Gradient in the picture", "no", { no: "no", yes: "yes, from the right" }),
};

/** Stops of the slider of the variance. */
export const STOPS = [
  { variance: 1 / 3, label: "torch’s default" },
  { variance: 1, label: "Glorot" },
  { variance: 2, label: "Kaiming" },
];

export const START = Object.fromEntries(
  Object.entries(FIELDS).map(([key, { start }]) => [key, start]),
);

/** One setting from its text; what is out of range or unknown becomes the nearest, or the start. */
function parsed({ options, start, min, max, whole }, text) {
  if (options) return Object.hasOwn(options, text) ? text : start;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return start;
  const inside = Math.min(Math.max(value, min), max);
  return whole ? Math.round(inside) : inside;
}

/** Read settings from the part of an address behind the #. */
export function read(address, start = START) {
  const settings = { ...start };
  for (const [key, text] of new Map(
    address
      .replace(/^#/, "")
      .split("&")
      .map((part) => part.split("=")),
  ))
    if (Object.hasOwn(FIELDS, key)) settings[key] = parsed(FIELDS[key], text ?? "");
  return settings;
}

/** Write what differs from the start. */
export const write = (settings) =>
  Object.keys(FIELDS)
    .filter((key) => settings[key] !== START[key])
    .map((key) => `${key}=${settings[key]}`)
    .join("&");

const PATIENCE = 1e10; // products of two numbers

/** Whether the weights take so long that a reader should know: orthogonal ones are made of many. */
export function isSlow(settings) {
  if (settings.distribution !== "orthogonal") return false;
  const all = widths(settings);
  const products = all.slice(1).map((fanOut, at) => {
    const [few, many] = [Math.min(fanOut, all[at]), Math.max(fanOut, all[at])];
    return few ** 2 * (many - few / 3);
  });
  const drawings = 2 * (settings.residual === "none" ? 1 : 2) * settings.networks;
  return drawings * products.reduce((sum, one) => sum + one, 0) > PATIENCE;
}

// Commands -----------------------------------------------------------------------------------------

const LONGEST = 24; // layers whose widths are still written one by one

/** The command that runs such networks with the study; null where no experiment has them. */
export function asNox(settings) {
  const {
    activation,
    variance,
    depth,
    width,
    format,
    shape,
    fan,
    distribution,
    residual,
    networks,
    seed,
  } = settings;
  const command = (experiment, fields) =>
    [`nox -s run -- experiment=${experiment}`, `experiment.seed=${seed}`]
      .concat(Object.entries(fields).map(([key, value]) => `experiment.${key}=${value}`))
      .join(" ");
  if (distribution !== "gaussian" || depth < 4) return null;
  if (residual !== "none") {
    if (activation !== "relu" || variance !== 2) return null;
    const power = residual === "root" ? 0.5 : 0;
    return command("log_norm_law", {
      "residual.some.width": width,
      "residual.some.blocks": depth,
      "residual.some.networks": networks,
      "residual.some.power": power.toFixed(1),
    });
  }
  if (shape === "equal" && fan === "fan_in" && format !== "float64" && activation === "relu")
    return command("number_format_limits", {
      "arms.one_float32.format": format,
      "arms.one_float32.weight_variance": variance,
      "arms.one_float32.width": width,
      "arms.one_float32.depth": depth,
      "arms.one_float32.networks": networks,
    });
  if (shape === "equal") {
    const leaky = { linear: "1.0", relu: "0.0", leaky_relu: "0.25" }[activation];
    return command("variance_through_depth", {
      depth,
      width,
      "arms.two.activation": leaky ? "leaky_relu" : activation,
      "arms.two.slope": leaky ?? "0.0",
      "arms.two.weight_variance": variance,
    });
  }
  if (depth > LONGEST || !["linear", "relu", "tanh"].includes(activation)) return null;
  if (fan === "geometric" && activation === "tanh") return null;
  const all = widths(settings).slice(1);
  return command("fan_modes", {
    "networks.alternating.hidden": `[${all.slice(0, -1)}]`,
    "networks.alternating.times": 1,
    "networks.alternating.last": all.at(-1),
    "modes.fan_in.fan": fan,
    "modes.fan_in.weight_variance": variance,
    "modes.fan_in.activation": activation,
  });
}

const NUMBERS = {
  gaussian: `radius, angle = np.sqrt(-2 * np.log((high + 1) / 2**32)), 2 * np.pi * low / 2**32
    numbers = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)`,
  uniform: "numbers = np.sqrt(12) * ((np.stack([high, low], axis=1) + 0.5) / 2**32 - 0.5)",
  signs: "numbers = np.where(np.stack([high, low], axis=1) >= 2**31, 1.0, -1.0)",
};

// The reflections of random.mjs, as torch multiplies them.
const ORTHOGONAL = `

def orthogonal(layer, rows, columns):
    if rows < columns:
        return orthogonal(layer, columns, rows).T
    mirrors = standard(layer, rows, columns).tril()
    signs = mirrors.diagonal().sign()
    norms = mirrors.norm(dim=0)
    heads = mirrors.diagonal() + signs * norms
    turned = torch.linalg.householder_product(mirrors / heads, heads.abs() / norms)
    return -signs * rows**0.5 * turned
`;

const DIVISORS = {
  fan_in: "fan_in",
  fan_out: "fan_out",
  average: "((fan_in + fan_out) / 2)",
  geometric: "(fan_in * fan_out) ** 0.5",
};

/** Lines of Python that draw the first network's weights bit by bit as the page does. */
export function asTorch(settings) {
  const { activation, distribution, fan, format, residual, seed, variance } = settings;
  const isOrthogonal = distribution === "orthogonal";
  const drawn = isOrthogonal ? distribution : "standard";
  const all = widths(settings);
  const equal = all.every((width) => width === all[0]);
  const layer =
    residual === "none"
      ? `    h = f(weights(layer, fan_in, fan_out) @ h)`
      : `    branch = f(weights(2 * layer - 1, fan_in, fan_out) @ h)
    outer = weights(2 * layer, fan_in, fan_out) / variance**0.5
    h = h + ${residual === "root" ? "len(widths[1:]) ** -0.5 * " : ""}(outer @ branch)`;
  return `import numpy as np
import torch

seed, network, variance, dtype = ${seed}, 0, ${variance}, torch.${format}
widths = ${equal ? `[${all[0]}] * ${all.length}` : `[${all.join(", ")}]`}
image = torch.ones(784)  # 28 × 28 pixels, standardised


def standard(layer, rows, columns):
    sequence = np.random.SeedSequence(seed, spawn_key=(network, layer))
    words = np.random.SFC64(sequence).random_raw((rows * columns + 1) // 2)
    high, low = words >> 32, words & 0xFFFFFFFF
    ${NUMBERS[isOrthogonal ? "gaussian" : distribution]}
    return torch.from_numpy(numbers.ravel()[: rows * columns].reshape(rows, columns))
${isOrthogonal ? ORTHOGONAL : ""}

def weights(layer, fan_in, fan_out):
    return ((variance / ${DIVISORS[fan]}) ** 0.5 * ${drawn}(layer, fan_out, fan_in)).to(dtype)


def f(z):
    return ${ACTIVATIONS[activation].torch}


h = ${drawn}(0, widths[0], len(image)) @ image.double()
h = (h / h.square().mean().sqrt()).to(dtype)
for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:]), start=1):
${layer}
    print(layer, h.double().square().mean().sqrt().log2().item())
`;
}
