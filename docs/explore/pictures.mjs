// The pictures of the page. Each has a title, what it shows in words, SVG, and the same as a table.
//
// A state holds the settings, the theory, the networks so far, the activations of the first one,
// and the layer that is looked at.

import { ACTIVATIONS, isHomogeneous } from "./activations.mjs";
import { chart, line, power, rect, shape, table, text } from "./draw.mjs";
import { FORMATS } from "./formats.mjs";
import { angle } from "./moments.mjs";
import { isResidual, widths } from "./shapes.mjs";
import { ending, gapMap, lengthMap } from "./theory.mjs";

const DEGREES = 180 / Math.PI;
const ROWS = 10;

/** The middle of numbers; of an even count the lower one, so that it is one of them. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** The layers that a table shows, from 0 to the last. */
export function shownLayers(depth) {
  const steps = Math.min(ROWS, depth);
  return Array.from({ length: steps + 1 }, (_, at) => Math.round((at * depth) / steps));
}

const thinned = (values, most = 400) => {
  const step = Math.max(1, Math.ceil(values.length / most));
  return values
    .map((value, at) => [at, value])
    .filter(([at]) => at % step === 0 || at === values.length - 1);
};

const rounded = (log) => power(log, 2);
const whole = (low, high) => (low === high ? [low - 1, high + 1] : [low, high]);
const signed = (number, digits) => number.toFixed(digits).replace("-", "−");
const byLayer = (layers) =>
  `${layers.length > 1 ? "half of these by" : "at"} layer ${median(layers)}`;
const medians = (networks, key, depth) =>
  Array.from({ length: depth + 1 }, (_, layer) =>
    median(networks.map((network) => network[key][layer])),
  );

/** log₂ of the root mean square of the typical network, where there is a law for it. */
export const typical = (theory, way, key) =>
  theory.fluctuations?.[way].map(({ mean }, layer) => theory[key][layer] + mean / (2 * Math.LN2));

const size = {
  title: "Size by layer",
  svg({ settings, theory, networks, layer }, box) {
    const { smallest, largest } = FORMATS[settings.format];
    const both = settings.gradient === "yes";
    const shown = [
      ["sizes", "forward", "signal"],
      ...(both ? [["gradients", "backward", "gradient"]] : []),
    ];
    const finite = shown
      .flatMap(([key]) => [theory[key], ...networks.map((network) => network[key])].flat())
      .filter(Number.isFinite);
    // The expectation may leave the picture: a format holds no such number.
    const low = Math.max(Math.min(...finite, -2), smallest * 1.06);
    const high = Math.min(Math.max(...finite, 2), largest * 1.06);
    const ends = [
      [smallest, `smallest number of ${settings.format}`],
      [smallest / 2, "below, squares are 0"],
      [largest, `${settings.format} ends`],
    ].filter(([end]) => low < end && end < high);
    return chart({
      ...box,
      x: { range: [0, settings.depth], label: "layer" },
      y: { range: whole(low, high), label: "root mean square", show: rounded },
      told: size.told({ settings, theory, networks }),
      inside: (x, y, { left, right, top, bottom }) => {
        const curve = (values, kind) =>
          line(
            thinned(values).map(([at, value]) => [x(at), y(value)]),
            kind,
          );
        const parts = ends.map(([end, label]) => {
          const above = end > 0;
          const middle = end === smallest / 2; // where signals that vanish are on the left
          const beyond = middle
            ? ""
            : rect("beyond", [left, above ? top : y(end)], [right, above ? y(end) : bottom]);
          const [at, anchor] = middle ? [right - 4, "end"] : [left + 4, "start"];
          return `${beyond}${line(
            [
              [left, y(end)],
              [right, y(end)],
            ],
            "end",
          )}${text(at, y(end) + (above ? 14 : -5), label, "note", anchor)}`;
        });
        for (const [key, way, kind] of shown) {
          parts.push(...networks.map((network) => curve(network[key], `one ${kind}`)));
          parts.push(curve(theory[key], `expected ${kind}`));
          const middle = typical(theory, way, key);
          if (middle) parts.push(curve(middle, `law ${kind}`));
          if (networks.length)
            parts.push(curve(medians(networks, key, settings.depth), `median ${kind}`));
        }
        parts.push(
          line(
            [
              [x(layer), top],
              [x(layer), bottom],
            ],
            "pointer",
          ),
        );
        return parts.join("");
      },
    });
  },
  legend: ({ settings, theory }) => [
    ["one signal", "one network"],
    ["median signal", "median of networks"],
    ["expected signal", "expectation"],
    ...(theory.fluctuations ? [["law signal", "law for a single network"]] : []),
    ...(settings.gradient === "yes"
      ? [["median gradient", "gradient, which comes from the right"]]
      : []),
  ],
  told({ settings, theory, networks }) {
    const last = settings.depth;
    if (!networks.length) return "The networks are being drawn.";
    const middle = median(networks.map(({ sizes }) => sizes[last]));
    const ended = networks.filter(({ end }) => end <= last).map(({ end }) => end);
    const squares = networks
      .filter(({ squaresEnd }) => squaresEnd <= last)
      .map(({ squaresEnd }) => squaresEnd);
    const law = typical(theory, "forward", "sizes");
    const end = ending(settings);
    return [
      `At layer ${last} the median of ${networks.length} signals is ${power(middle)},`,
      `the expectation ${power(theory.sizes[last])}${law ? "," : "."}`,
      law ? `the law for a single network ${power(law[last])}.` : "",
      ended.length
        ? `${ended.length} ended in 0 or ∞, ${byLayer(ended)}.`
        : "None ended.",
      end && end.layer <= last
        ? `The law crosses the end of the format at layer ${Math.round(end.layer)}, nineteen of twenty ` +
          `networks between ${Math.round(end.early)} and ${Math.round(end.late)}.`
        : "",
      squares.length
        ? `The mean of squares is 0 in ${squares.length}, ${byLayer(squares)}.`
        : "",
    ]
      .filter(Boolean)
      .join(" ");
  },
  table({ settings, theory, networks }) {
    const law = typical(theory, "forward", "sizes");
    return table(
      ["layer", "least", "median", "greatest", "expectation", "law", "median gradient"],
      shownLayers(settings.depth).map((layer) => {
        const at = networks.map(({ sizes }) => sizes[layer]);
        const gradient = median(networks.map(({ gradients }) => gradients[layer]));
        return [
          layer,
          ...[
            Math.min(...at),
            median(at),
            Math.max(...at),
            theory.sizes[layer],
            law?.[layer],
            gradient,
          ].map((log) => power(log)),
        ];
      }),
    );
  },
};

const BARS = 31;

/** Shares of numbers in bars from −4 to 4 times their root mean square. */
export function histogram(values) {
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  const counts = new Array(BARS).fill(0);
  for (const value of values) {
    const place = Math.floor(((value / (rms || 1) + 4) / 8) * BARS);
    counts[Math.min(Math.max(place, 0), BARS - 1)] += 1 / values.length;
  }
  return { rms, counts };
}

const values = {
  title: "The numbers of one layer",
  svg({ activations, layer, ...state }, box) {
    const { counts } = histogram(activations?.[layer] ?? []);
    return chart({
      ...box,
      x: {
        range: [-4, 4],
        label: "activation, in its root mean square",
        ticks: [-4, -2, 0, 2, 4],
        show: (tick) => signed(tick, 0),
      },
      y: {
        range: [0, Math.max(...counts, 0.1)],
        label: "share of units",
        show: (tick) => `${Math.round(100 * tick)} %`,
      },
      told: values.told({ activations, layer, ...state }),
      inside: (x, y) =>
        counts
          .map((count, at) => {
            const [from, to] = [x(-4 + (8 * at) / BARS), x(-4 + (8 * (at + 1)) / BARS)];
            return rect("bar signal", [from, y(count)], [to - 1, y(0)]);
          })
          .join(""),
    });
  },
  told({ activations, layer, networks }) {
    if (!activations) return "The first network is being drawn.";
    const zeros =
      activations[layer].filter((value) => value === 0).length / activations[layer].length;
    const rms = power(networks[0].sizes[layer]);
    return (
      `Layer ${layer} of the first network has ${activations[layer].length} units of root mean ` +
      `square ${rms}; ${Math.round(100 * zeros)} % of them are 0.`
    );
  },
  table({ settings, activations, networks }) {
    return table(
      ["layer", "units", "root mean square", "units at 0"],
      shownLayers(settings.depth).map((layer) => {
        const units = activations?.[layer] ?? [];
        return [
          layer,
          units.length,
          power(networks[0]?.sizes[layer]),
          units.filter((value) => value === 0).length,
        ];
      }),
    );
  },
};

const direction = {
  title: "The angle between the two digits",
  has: ({ theory }) => Boolean(theory.gaps),
  svg({ settings, theory, networks, layer }, box) {
    const degrees = (gaps) => gaps.map((gap) => DEGREES * angle(gap));
    const curves = networks.map(({ gaps }) => degrees(gaps));
    const law = degrees(theory.gaps);
    const most = Math.max(...[law, ...curves].flat().filter(Number.isFinite), 10);
    return chart({
      ...box,
      x: { range: [0, settings.depth], label: "layer" },
      y: { range: [0, 1.05 * most], label: "degrees" },
      told: direction.told({ settings, theory, networks }),
      inside: (x, y, { top, bottom }) => {
        const curve = (numbers, kind) =>
          line(
            thinned(numbers).map(([at, value]) => [x(at), y(value)]),
            kind,
          );
        return [
          ...curves.map((one) => curve(one, "one signal")),
          curve(law, "expected signal"),
          line(
            [
              [x(layer), top],
              [x(layer), bottom],
            ],
            "pointer",
          ),
        ].join("");
      },
    });
  },
  legend: () => [
    ["one signal", "one network"],
    ["expected signal", "very wide layers"],
  ],
  told({ settings, theory, networks }) {
    const last = settings.depth;
    const living = networks.map(({ gaps }) => gaps[last]).filter(Number.isFinite);
    const show = (gap) => `${signed(DEGREES * angle(gap), 1)}°`;
    const found = living.length
      ? `a median of ${show(median(living))} between them`
      : "no direction left";
    return (
      `The two inputs are ${show(theory.gaps[0])} apart. After ${last} layers networks have ` +
      `${found}, very wide ones ${show(theory.gaps[last])}.`
    );
  },
  table({ settings, theory, networks }) {
    const show = (gap) => (Number.isFinite(gap) ? signed(DEGREES * angle(gap), 2) : "–");
    return table(
      ["layer", "median of networks", "very wide layers"],
      shownLayers(settings.depth).map((layer) => {
        const living = networks.map(({ gaps }) => gaps[layer]).filter(Number.isFinite);
        return [layer, show(median(living)), show(theory.gaps[layer])];
      }),
    );
  },
};

const density = {
  title: "Which networks carry the expectation",
  // Orthogonal weights without activation leave nothing to chance.
  has: ({ theory }) => theory.fluctuations?.forward.at(-1).variance > 0,
  svg({ theory, networks, layer, ...state }, box) {
    const { mean, variance } = theory.fluctuations.forward[layer];
    const deviation = Math.sqrt(variance) || 1e-3;
    const [low, high] = [mean - 4 * deviation, mean + variance + 4 * deviation];
    const bell = (y, centre) => Math.exp(-((y - centre) ** 2) / (2 * variance || 1e-6));
    const places = Array.from({ length: 241 }, (_, at) => low + ((high - low) * at) / 240);
    const offset = 2 * Math.LN2 * theory.sizes[layer];
    return chart({
      ...box,
      x: {
        range: [low, high],
        label: "ln of mean square over expectation",
        show: (tick) => signed(tick, 0),
      },
      y: { range: [0, 1.1], label: "relative density", ticks: [] },
      told: density.told({ theory, networks, layer, ...state }),
      inside: (x, y, { bottom }) =>
        [
          line(
            places.map((place) => [x(place), y(bell(place, mean))]),
            "median signal",
          ),
          line(
            places.map((place) => [x(place), y(bell(place, mean + variance))]),
            "expected gradient",
          ),
          ...networks.map(({ sizes }) => {
            const place = x(2 * Math.LN2 * sizes[layer] - offset);
            return line(
              [
                [place, bottom],
                [place, bottom - 16],
              ],
              "tally",
            );
          }),
        ].join(""),
    });
  },
  legend: () => [
    ["median signal", "networks"],
    ["expected gradient", "networks weighted by their mean square"],
    ["tally", "a network that was drawn"],
  ],
  told({ theory, networks, layer }) {
    const { mean, variance } = theory.fluctuations.forward[layer];
    const above = networks.filter(({ sizes }) => sizes[layer] > theory.sizes[layer]).length;
    const deviation = signed(Math.sqrt(variance), 1);
    return (
      `At layer ${layer} networks lie about ${signed(mean, 1)} with a standard deviation of ` +
      `${deviation}, and what the expectation is made of lies about ${signed(mean + variance, 1)}. ` +
      `Of ${networks.length} networks ${above} are above the expectation.`
    );
  },
  table({ settings, theory, networks }) {
    return table(
      [
        "layer",
        "mean of ln",
        "standard deviation",
        "centre of the expectation",
        "networks above it",
      ],
      shownLayers(settings.depth).map((layer) => {
        const { mean, variance } = theory.fluctuations.forward[layer];
        const above = networks.filter(({ sizes }) => sizes[layer] > theory.sizes[layer]).length;
        return [
          layer,
          signed(mean, 2),
          signed(Math.sqrt(variance), 2),
          signed(mean + variance, 2),
          above,
        ];
      }),
    );
  },
};

const MOST_BARS = 40;

const bars = {
  title: "Widths and their factors",
  svg({ settings, theory, ...state }, box) {
    const all = widths(settings);
    const shown = Math.min(settings.depth, MOST_BARS);
    const widest = Math.max(...all);
    const factors = [theory.sizes, theory.gradients].map((logs) =>
      logs.map((log, at) => [at, 2 * log]).filter(([at]) => at <= shown),
    );
    const numbers = factors
      .flat()
      .map(([, log]) => log)
      .filter(Number.isFinite);
    const [low, high] = [Math.min(...numbers, -1) - 0.5, Math.max(...numbers, 1) + 0.5];
    return chart({
      ...box,
      x: {
        range: [-0.5, shown + 0.5],
        label: settings.depth > shown ? `layer, to ${shown} of ${settings.depth}` : "layer",
      },
      y: { range: [low, high], label: "expected mean square", show: rounded },
      told: bars.told({ settings, theory, ...state }),
      inside: (x, y, { top, bottom }) => {
        const unit = x(1) - x(0);
        const boxes = all.slice(0, shown + 1).map((width, at) => {
          const height = Math.max(2, (0.9 * (bottom - top) * width) / widest);
          return rect("width", [x(at) - 0.4 * unit, bottom - height], [x(at) + 0.4 * unit, bottom]);
        });
        const dots = (points, kind) =>
          line(
            points.map(([at, log]) => [x(at), y(log)]),
            `median ${kind}`,
          ) +
          points
            .map(([at, log]) => shape("circle", { class: kind, cx: x(at), cy: y(log), r: 3 }))
            .join("");
        return boxes.join("") + dots(factors[0], "signal") + dots(factors[1], "gradient");
      },
    });
  },
  legend: () => [
    ["median signal", "signal, from the left"],
    ["median gradient", "gradient, from the right"],
  ],
  told({ settings, theory }) {
    const last = settings.depth;
    const up = power(2 * (theory.sizes[last] - theory.sizes[1]));
    const down = power(2 * (theory.gradients[1] - theory.gradients[last]));
    return (
      `From layer 1 to layer ${last} the expected mean square of the signal is multiplied by ` +
      `${up}, that of the gradient, on its way down to layer 1, by ${down}.`
    );
  },
  table({ settings, theory }) {
    const all = widths(settings);
    const shown = Math.min(settings.depth, MOST_BARS);
    return table(
      ["layer", "width", "factor of the signal", "factor of the gradient"],
      all
        .slice(1, shown + 1)
        .map((width, at) => [
          at + 1,
          width,
          power(2 * (theory.sizes[at + 1] - theory.sizes[at])),
          power(2 * (theory.gradients[at] - theory.gradients[at + 1])),
        ]),
    );
  },
};

/** The variance of preactivations to which layers lead; 1 where any is kept, or none. */
export function settled(activation, variance) {
  if (isHomogeneous(activation)) return 1;
  let q = 1;
  for (let layer = 0; layer < 300; layer++) q = lengthMap(activation, q, variance);
  return q > 1e-6 && q < 1e6 ? q : 1;
}

const STAIRS = 40;

const cobweb = {
  title: "The cosine, layer by layer",
  has: ({ settings }) => !isResidual(settings),
  steps({ settings, theory }) {
    const activation = ACTIVATIONS[settings.activation];
    const q = settled(activation, settings.variance);
    const map = (cosine) => 1 - gapMap(activation, q, 1 - cosine);
    const cosines = [1 - theory.gap];
    while (cosines.length <= STAIRS) cosines.push(map(cosines.at(-1)));
    return { map, cosines };
  },
  svg(state, box) {
    const { map, cosines } = cobweb.steps(state);
    const low = Math.min(0, Math.floor(2 * cosines[0]) / 2);
    const places = Array.from({ length: 101 }, (_, at) => low + ((1 - low) * at) / 100);
    return chart({
      ...box,
      x: { range: [low, 1], label: "cosine in one layer" },
      y: { range: [low, 1.02], label: "cosine in the next" },
      told: cobweb.told(state),
      inside: (x, y) =>
        line(
          [
            [x(low), y(low)],
            [x(1), y(1)],
          ],
          "end",
        ) +
        line(
          places.map((place) => [x(place), y(map(place))]),
          "median signal",
        ) +
        line(
          cosines.slice(0, -1).flatMap((cosine, at) => [
            [x(cosine), y(at ? cosine : low)],
            [x(cosine), y(cosines[at + 1])],
          ]),
          "stairs",
        ),
    });
  },
  legend: () => [
    ["median signal", "one very wide layer"],
    ["stairs", "the two inputs, layer by layer"],
  ],
  told(state) {
    const { cosines } = cobweb.steps(state);
    const [first, ten, last] = [0, 10, STAIRS].map((layer) => signed(cosines[layer], 3));
    return (
      `The cosine of the two inputs is ${first}; after 10 very wide layers it is ${ten}, ` +
      `after ${STAIRS} it is ${last}.`
    );
  },
  table(state) {
    const { cosines } = cobweb.steps(state);
    return table(
      ["layer", "cosine"],
      [0, 1, 2, 3, 5, 10, 20, STAIRS].map((layer) => [layer, signed(cosines[layer], 4)]),
    );
  },
};

export const PICTURES = { size, values, direction, density, bars, cobweb };
