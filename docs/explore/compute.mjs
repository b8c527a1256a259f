// All that one picture of the page needs, in the order in which it comes.

import { drawnDigit, standardised } from "./digits.mjs";
import { endingLayer, gapBetween, embed, run } from "./networks.mjs";
import { fluctuations, gaps, gradients, meanSquares } from "./theory.mjs";

/** The theory of the settings, but for the gaps, which may take long. */
export const theory = (settings) => ({
  sizes: meanSquares(settings).map((log) => log / 2),
  gradients: gradients(settings).map((log) => log / 2),
  fluctuations: fluctuations(settings),
});

/**
 * Yield the theory, then network after network, of which only the first holds its activations, and
 * at last the gaps of very wide layers.
 */
export function* compute(settings, images = [settings.first, settings.second].map(drawnDigit)) {
  const inputs = images.map((image) => embed(settings, standardised(image)));
  const gap = gapBetween(...inputs);
  yield { theory: { ...theory(settings), gap } };
  for (let network = 0; network < settings.networks; network++) {
    const { activations, ...record } = run(settings, network, inputs);
    yield {
      network: { ...record, end: endingLayer(record.sizes) },
      ...(network ? {} : { activations }),
    };
  }
  yield { gaps: gaps(settings, gap) };
}

/** What the pictures show, before anything has come. */
export const begun = (settings, layer = settings.depth) => ({
  settings,
  theory: null,
  networks: [],
  activations: null,
  layer,
});

/** Put a message where the pictures find it. */
export function take(state, { theory, network, activations, gaps }) {
  if (theory) state.theory = theory;
  if (network) state.networks.push(network);
  if (activations) state.activations = activations;
  if (gaps) state.theory.gaps = gaps;
}

/** Answer in a worker: settings come, and messages go until all is computed. */
export function serve() {
  onmessage = ({ data: { settings, images } }) => {
    for (const message of compute(settings, images ?? undefined)) postMessage(message);
    postMessage({ done: true });
  };
}
