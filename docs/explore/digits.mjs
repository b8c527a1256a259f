// Digits drawn by code, as a seven-segment display shows them, of 28 × 28 pixels.
// They stand in for handwritten ones, which the site holds only where it was built beside the data.

const SIDE = 28;
const [LEFT, RIGHT, TOP, MIDDLE, BOTTOM] = [9, 19, 5, 14, 23];
const SEGMENTS = {
  a: [LEFT, TOP, RIGHT, TOP],
  b: [RIGHT, TOP, RIGHT, MIDDLE],
  c: [RIGHT, MIDDLE, RIGHT, BOTTOM],
  d: [LEFT, BOTTOM, RIGHT, BOTTOM],
  e: [LEFT, MIDDLE, LEFT, BOTTOM],
  f: [LEFT, TOP, LEFT, MIDDLE],
  g: [LEFT, MIDDLE, RIGHT, MIDDLE],
};
const LIT = [
  "abcdef",
  "bc",
  "abged",
  "abgcd",
  "fgbc",
  "afgcd",
  "afgedc",
  "abc",
  "abcdefg",
  "abcdfg",
];

function distance([x1, y1, x2, y2], x, y) {
  const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2);
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - x1 - t * (x2 - x1), y - y1 - t * (y2 - y1));
}

/** The pixels of a digit, row by row, from 0 to 1. */
export function drawnDigit(digit) {
  const lit = [...LIT[digit]].map((name) => SEGMENTS[name]);
  return Float64Array.from({ length: SIDE * SIDE }, (_, at) => {
    const near = Math.min(
      ...lit.map((segment) => distance(segment, at % SIDE, Math.floor(at / SIDE))),
    );
    return Math.exp(-((near / 1.6) ** 2));
  });
}

/** Subtract the data's mean and divide by its standard deviation, as the study does. */
export const standardised = (pixels) => pixels.map((pixel) => (pixel - 0.1304) / 0.3073);
