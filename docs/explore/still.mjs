// The first picture of an explorable as it begins, for print and for where no script runs. It is
// drawn when the site is built.

import { ACTIVATIONS } from "./activations.mjs";
import { begun, compute, take } from "./compute.mjs";
import { legend } from "./draw.mjs";
import { VIEWS } from "./page.mjs";
import { PICTURES } from "./pictures.mjs";
import { read } from "./settings.mjs";

const BOX = { width: 560, height: 320 };

/** The picture of a kind of explorable with the settings of an address, as HTML. */
export function still(kind, address) {
  const settings = read(address);
  const state = begun(settings);
  for (const message of compute(settings)) take(state, message);
  const picture = PICTURES[VIEWS[kind].pictures[0]];
  const { networks, depth, width, activation } = settings;
  const drawn =
    `As this begins: ${networks} networks of ${depth} layers, ${width} units wide, ` +
    `${ACTIVATIONS[activation].label}, variance ${settings.variance} over ${settings.fan}.`;
  return (
    `<figure class="still"><div class="picture-frame">${picture.svg(state, BOX)}</div>` +
    `<p class="legend">${legend(picture.legend(state))}</p>` +
    `<figcaption>${drawn} ${picture.told(state)}</figcaption></figure>`
  );
}
