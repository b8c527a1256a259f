// Number formats: their ends, and how a number is rounded to them.

const bits = new DataView(new ArrayBuffer(8));

/** The exponent of the power of two at or below a positive number that is not subnormal. */
const exponentOf = (x) => {
  bits.setFloat64(0, x);
  return ((bits.getUint32(0) >>> 20) & 0x7ff) - 1023;
};

const EVEN = 1.5 * 2 ** 52; // adding it leaves no fraction: the processor rounds half to even

/** Return the correct rounding to a format of so many digits, with subnormal numbers. */
const rounding = (digits, least, most) => {
  const bound = 2 ** most;
  return (x) => {
    if (x === 0 || !isFinite(x)) return x;
    const unit = 2 ** Math.max(exponentOf(Math.abs(x)) - digits + 1, least);
    const y = (x / unit + EVEN - EVEN) * unit;
    return Math.abs(y) >= bound ? Math.sign(y) * Infinity : y;
  };
};

/** Binary exponents of the smallest positive number and of the power of two that is too large. */
export const FORMATS = {
  float64: { smallest: -1074, largest: 1024, round: (x) => x },
  float32: { smallest: -149, largest: 128, round: Math.fround },
  bfloat16: { smallest: -133, largest: 128, round: rounding(8, -133, 128) },
  float16: { smallest: -24, largest: 16, round: rounding(11, -24, 16) },
};

/** Numbers rounded to a format. */
export const rounded = (format, numbers) => numbers.map(FORMATS[format].round);
