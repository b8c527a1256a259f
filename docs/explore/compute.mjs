// All that one picture of the page needs, in the order in which it comes.

import { drawnDigit, standardised } from "./digits.mjs";
import { endingLayer, gapBetween, embed, run } from "./networks.mjs";
import { fluctuations, gaps, gradients, meanSquares } from "./theory.mjs";

/** The theory of the settings, given the gap of the two inputs at layer 0. */
export function theory(settings, gap) {
  return {
    sizes: meanSquares(settings).map((log) => log / 2),
    gradients: gradients(settings).map((log) => log / 2),
    gaps: gaps(settings, gap),
    fluctuations: fluctuations(settings),
  };
}

/** Yield the theory, and then network after network; only the first holds its activations. */
export function* compute(settings, images = [settings.first, settings.second].map(drawnDigit)) {
  const inputs = images.map((image) => embed(settings, standardised(image)));
  yield { theory: theory(settings, gapBetween(...inputs)) };
  for (let network = 0; network < settings.networks; network++) {
    const { activations, ...record } = run(settings, network, inputs);
    yield { network: { ...record, end: endingLayer(record.sizes) }, ...(network ? {} : { activations }) };
  }
}

/** Answer in a worker: settings come, and messages go until all is computed. */
export function serve() {
  onmessage = ({ data: { settings, images } }) => {
    for (const message of compute(settings, images ?? undefined)) postMessage(message);
    postMessage({ done: true });
  };
}
