// The widths of a network, and what its weights' variance is divided by.

const NARROW = 16; // how many times narrower the narrow layers are
const CLASSES = 10;

/** Widths of the input, which is layer 0, and of each layer. */
export const SHAPES = {
  equal: { label: "equal", width: (width) => width },
  funnel: {
    label: "funnel, 16 to 1",
    width: (width, layer, depth) => Math.max(2, Math.round(width / NARROW ** (layer / depth))),
  },
  alternating: {
    label: "alternating, 16 to 1",
    width: (width, layer) => (layer % 2 ? Math.max(2, Math.round(width / NARROW)) : width),
  },
  head: {
    label: "ten units last",
    width: (width, layer, depth) => (layer === depth ? CLASSES : width),
  },
};

export const FANS = {
  fan_in: { label: "fan_in", divisor: (fanIn) => fanIn },
  fan_out: { label: "fan_out", divisor: (fanIn, fanOut) => fanOut },
  average: { label: "average", divisor: (fanIn, fanOut) => (fanIn + fanOut) / 2 },
  geometric: { label: "geometric mean", divisor: (fanIn, fanOut) => Math.sqrt(fanIn * fanOut) },
};

/** The factor s of each block's branch in x + s W₂ f(W₁ x). */
export const RESIDUALS = {
  none: { label: "no", scale: () => 0 },
  one: { label: "yes, each branch whole", scale: () => 1 },
  root: { label: "yes, each branch over √depth", scale: (depth) => 1 / Math.sqrt(depth) },
};

export const isResidual = (settings) => settings.residual !== "none";
export const branchScale = (settings) => RESIDUALS[settings.residual].scale(settings.depth);

/** Widths of layer 0 to the last; a residual network has one width. */
export function widths({ shape, residual, width, depth }) {
  const one = SHAPES[residual === "none" ? shape : "equal"].width;
  return Array.from({ length: depth + 1 }, (_, layer) => one(width, layer, depth));
}

/** The variance of a weight from so many inputs to so many outputs. */
export const weightVariance = ({ fan, variance }, fanIn, fanOut) =>
  variance / FANS[fan].divisor(fanIn, fanOut);
