// The random numbers of one layer: NumPy's SeedSequence and SFC64, bit for bit, in 32-bit arithmetic.
//
//   np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(network, layer))).random_raw(n)
//
// These are the streams of the study itself; only the step from bits to Gaussian numbers differs,
// which is that of Box and Muller here.

const POOL = 4;

/** The first words of NumPy's SeedSequence: `count` unsigned integers of 32 bits. */
export function seedWords(seed, key, count) {
  const entropy = [seed >>> 0, 0, 0, 0, ...key];
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mix = (x, y) => {
    const value = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
    return value ^ (value >>> 16);
  };
  const pool = entropy.slice(0, POOL).map(hash);
  for (let from = 0; from < POOL; from++)
    for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  for (const word of entropy.slice(POOL))
    for (let to = 0; to < POOL; to++) pool[to] = mix(pool[to], hash(word));
  constant = 0x8b51f9dd;
  return Array.from({ length: count }, (_, at) => {
    let value = pool[at % POOL] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  });
}

/** A function that fills an array with words of the stream: high, low, high, low, … */
export function stream(seed, network, layer) {
  let [al, ah, bl, bh, cl, ch] = seedWords(seed, [network, layer], 6);
  let [nl, nh] = [1, 0];
  const fill = (words) => {
    for (let at = 0; at < words.length; at += 2) {
      // out = a + b + n, and then n counts up
      const half = (al + bl) >>> 0;
      const low = (half + nl) >>> 0;
      const high = (ah + bh + nh + (half < bl) + (low < nl)) >>> 0;
      nl = (nl + 1) >>> 0;
      nh = (nh + (nl === 0)) >>> 0;
      // a = b ^ (b >> 11)
      al = (bl ^ ((bl >>> 11) | (bh << 21))) >>> 0;
      ah = (bh ^ (bh >>> 11)) >>> 0;
      // b = c + (c << 3)
      const shifted = (cl << 3) >>> 0;
      bl = (cl + shifted) >>> 0;
      bh = (ch + ((ch << 3) | (cl >>> 29)) + (bl < shifted)) >>> 0;
      // c = rotate(c, 24) + out
      const turned = ((cl << 24) | (ch >>> 8)) >>> 0;
      const over = ((ch << 24) | (cl >>> 8)) >>> 0;
      cl = (turned + low) >>> 0;
      ch = (over + high + (cl < low)) >>> 0;
      words[at] = high;
      words[at + 1] = low;
    }
    return words;
  };
  fill(new Uint32Array(24)); // NumPy drops the first twelve
  return fill;
}

/** The first `count` words of a stream. */
export const words = (seed, network, layer, count) =>
  stream(seed, network, layer)(new Uint32Array(count));

const UNIT = 2 ** -32;

/** How numbers of mean 0 and variance 1 are made, two from each two words, in place. */
export const DISTRIBUTIONS = {
  gaussian(words, out) {
    for (let at = 0; at < out.length; at += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[at] + 1) * UNIT));
      const angle = 2 * Math.PI * words[at + 1] * UNIT;
      out[at] = radius * Math.cos(angle);
      out[at + 1] = radius * Math.sin(angle);
    }
  },
  uniform(words, out) {
    for (let at = 0; at < out.length; at++)
      out[at] = Math.sqrt(12) * ((words[at] + 0.5) * UNIT - 0.5);
  },
  signs(words, out) {
    for (let at = 0; at < out.length; at++) out[at] = words[at] >= 2 ** 31 ? 1 : -1;
  },
};

/** `count` numbers of one layer, of mean 0 and variance 1; an odd count leaves the last one out. */
export function standard(distribution, count, seed, network, layer) {
  const even = count + (count % 2);
  const out = new Float64Array(even);
  DISTRIBUTIONS[distribution](words(seed, network, layer, even), out);
  return out.subarray(0, count);
}

/** A matrix of one layer, row by row, whose numbers have mean 0 and variance 1. */
export const matrix = (distribution, rows, columns, ...key) =>
  distribution === "orthogonal"
    ? orthogonal(rows, columns, ...key)
    : standard(distribution, rows * columns, ...key);

/**
 * A matrix whose columns, or else rows, are at right angles, any such as likely as any other.
 *
 * It is the product of the reflections that would bring the lower triangle of a Gaussian matrix to
 * the first axes, column by column, with the signs that a positive diagonal needs (Stewart 1980).
 * That takes 2/3 n³ products of two numbers, where Gaussian weights take none.
 */
function orthogonal(rows, columns, ...key) {
  if (rows < columns) return transposed(orthogonal(columns, rows, ...key), columns, rows);
  const gaussian = standard("gaussian", rows * columns, ...key);
  const out = new Float64Array(rows * columns);
  const mirror = new Float64Array(rows);
  const along = new Float64Array(columns);
  for (let first = columns - 1; first >= 0; first--) {
    let square = 0;
    for (let row = first; row < rows; row++) {
      mirror[row] = gaussian[row * columns + first];
      square += mirror[row] ** 2;
    }
    const norm = Math.sqrt(square);
    const sign = Math.sign(mirror[first]) || 1;
    mirror[first] += sign * norm;
    const share = 1 / (norm * Math.abs(mirror[first])); // 2 over its mean square
    // The column that begins here is the first axis, turned; those behind it are turned as well.
    out[first * columns + first] = -sign * Math.sqrt(rows);
    along.fill(0);
    for (let row = first, at = first * columns; row < rows; row++, at += columns) {
      const part = mirror[row];
      for (let column = first; column < columns; column++) along[column] += part * out[at + column];
    }
    for (let row = first, at = first * columns; row < rows; row++, at += columns) {
      const part = share * mirror[row];
      for (let column = first; column < columns; column++) out[at + column] -= part * along[column];
    }
  }
  return out;
}

const transposed = (matrix, rows, columns) =>
  Float64Array.from(
    matrix,
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)],
  );
