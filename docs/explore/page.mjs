// The page: controls, lessons, and pictures that are drawn anew as networks come from the worker.

import { begun, compute, take } from "./compute.mjs";
import { drawnDigit } from "./digits.mjs";
import { legend, MARGIN } from "./draw.mjs";
import { PICTURES } from "./pictures.mjs";
import { asNox, asTorch, FIELDS, isSlow, read, START, STOPS, write } from "./settings.mjs";

/** What each kind of explorable shows: a few controls, the pictures, and whether there is more. */
export const VIEWS = {
  layers: {
    fields: ["variance"],
    pictures: ["size", "values", "direction", "density", "bars", "cobweb"],
    whole: true,
  },
  histograms: { fields: ["variance", "activation"], pictures: ["size", "values"] },
  fans: { fields: ["fan", "shape"], pictures: ["bars"] },
  cobweb: { fields: ["variance", "activation"], pictures: ["cobweb"] },
};
const NAMES = ["Copy as nox command", "Copy as torch", "Copy the address"];
const BUSY = 150; // milliseconds that a slider must rest

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** The pixels of a digit, from the site's own handwritten ones or else drawn. */
function pixels(digit) {
  const stored = globalThis.explorableDigits?.[digit];
  return stored
    ? Float64Array.from(atob(stored), (sign) => sign.charCodeAt(0) / 255)
    : drawnDigit(digit);
}

function thumbnail(digit) {
  const canvas = make("canvas", {
    width: 28,
    height: 28,
    role: "img",
    ariaLabel: `the digit ${digit}`,
  });
  const context = canvas.getContext("2d");
  const image = context.createImageData(28, 28);
  for (const [at, pixel] of pixels(digit).entries())
    image.data.set([0, 0, 0, 255 * pixel].map(Math.round), 4 * at);
  context.putImageData(image, 0, 0);
  return canvas;
}

// Computing ----------------------------------------------------------------------------------------

/** Compute in a worker made from the text of this script, else here, network by network. */
function computing(receive) {
  let stop = () => {};
  let address = "";
  const inWorker = (request) => {
    address ||= URL.createObjectURL(new Blob([`(${explorable})();`], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => receive(data);
    worker.onerror = () => {
      worker.terminate();
      inSlices(request);
    };
    worker.postMessage(request);
    return () => worker.terminate();
  };
  const inSlices = ({ settings, images }) => {
    const messages = compute(settings, images);
    let stopped = false;
    const slice = () => {
      if (stopped) return;
      const { value, done } = messages.next();
      receive(done ? { done } : value);
      if (!done) setTimeout(slice);
    };
    setTimeout(slice);
    stop = () => (stopped = true);
    return stop;
  };
  return (request) => {
    stop();
    try {
      stop = inWorker(request);
    } catch {
      stop = inSlices(request); // where a browser allows no such worker
    }
  };
}

// Controls -----------------------------------------------------------------------------------------

const LOG = 100; // steps of the slider per factor of e

function slider(key, { label, min, max }, change) {
  const log = key === "variance";
  const [from, to] = log ? [(x) => Math.exp(x / LOG), (x) => Math.log(x) * LOG] : [Number, Number];
  const input = make("input", { type: "range", min: to(min), max: to(max), step: log ? "any" : 1 });
  const shown = make("b"); // not an output, which would take the label
  const show = (value) => {
    shown.textContent = log ? Number(value.toPrecision(3)) : value;
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.oninput = () => {
    const value = log ? Number(from(input.value).toPrecision(3)) : Number(input.value);
    show(value);
    change(value);
  };
  input.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!log || !step) return;
    event.preventDefault();
    input.value = Number(input.value) + 5 * step;
    input.oninput();
  };
  const element = make("label", { className: "wide" }, make("span", {}, `${label} `, shown), input);
  return {
    element,
    set: (value) => {
      input.value = to(value);
      show(value);
    },
  };
}

function selector({ label, options }, change) {
  const entries = Object.entries(options).map(([value, name]) => make("option", { value }, name));
  const input = make("select", {}, ...entries);
  input.onchange = () => change(input.value);
  return {
    element: make("label", {}, make("span", {}, label), input),
    set: (value) => (input.value = value),
  };
}

function counter({ label, min, max }, change) {
  const input = make("input", { type: "number", min, max, step: 1, inputMode: "numeric" });
  input.onchange = () => {
    if (input.value === "" || !input.checkValidity())
      input.value = Math.min(Math.max(Math.round(Number(input.value)), min), max);
    change(Number(input.value));
  };
  return {
    element: make("label", {}, make("span", {}, label), input),
    set: (value) => (input.value = value),
  };
}

function control(key, field, change) {
  if (field.options) return selector(field, change);
  return key === "variance" ? slider(key, field, change) : counter(field, change);
}

// Pictures -----------------------------------------------------------------------------------------

/** A picture with its sentence and its table; `draw` brings them up to date where they are open. */
function panel(key, first, look) {
  const picture = PICTURES[key];
  const drawing = make("div", { className: "drawing" });
  const told = make("p", { className: "told" });
  const rows = make("div", { className: "rows" });
  const tabled = make("details", {}, make("summary", { textContent: "The same as a table" }), rows);
  const keys = make("p", { className: "legend" });
  const inner = [drawing, keys, told, tabled];
  const element = first
    ? make("figure", {}, ...inner)
    : make(
        "details",
        { className: "picture" },
        make("summary", { textContent: picture.title }),
        ...inner,
      );
  let state = null;
  const draw = (latest = state) => {
    state = latest;
    element.hidden = !state || (picture.has && !picture.has(state));
    if (element.hidden || (!first && !element.open)) return;
    const width = Math.max(280, Math.min(drawing.clientWidth || 640, 860));
    drawing.innerHTML = picture.svg(state, {
      width,
      height: Math.round(Math.max(240, 0.5 * width)),
    });
    keys.innerHTML = picture.legend ? legend(picture.legend(state)) : "";
    told.textContent = picture.told(state);
    if (tabled.open) rows.innerHTML = picture.table(state);
  };
  element.addEventListener("toggle", () => draw());
  tabled.addEventListener("toggle", () => draw());
  drawing.onpointermove = drawing.onpointerdown = (event) => {
    if (!["size", "direction"].includes(key)) return;
    const box = drawing.firstElementChild.getBoundingClientRect();
    look((event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right));
  };
  const open = (whether) => {
    if (!first) element.open = whether;
  };
  return { key, element, draw, open };
}

// Lessons ------------------------------------------------------------------------------------------

/** Show one lesson at a time; an answer opens what was asked, and brings its settings. */
function lessons(found, apply) {
  if (!found.length) return null;
  const place = make("span", { className: "place" });
  const step = (name, by) =>
    make("button", { type: "button", textContent: name, onclick: () => go(at + by, true) });
  const [back, next] = [step("Back", -1), step("Next", 1)];
  let at = 0;
  const go = (to, focus = false) => {
    at = to;
    found.forEach((lesson, which) => (lesson.hidden = which !== at));
    place.textContent = `Lesson ${at + 1} of ${found.length}`;
    [back.disabled, next.disabled] = [at === 0, at === found.length - 1];
    if (focus) found[at].querySelector("h3").focus();
  };
  for (const lesson of found) {
    lesson.querySelector("h3").tabIndex = -1;
    const answer = lesson.querySelector("details");
    const said = make("p", { className: "said", role: "status" });
    answer.before(said);
    answer.addEventListener(
      "toggle",
      () => answer.open && apply(lesson.dataset.settings, lesson.dataset.picture),
    );
    const items = [...lesson.querySelector("ul").children];
    for (const [which, item] of items.entries()) {
      const right = which + 1 === Number(lesson.dataset.right);
      const button = make(
        "button",
        { type: "button" },
        ...(item.querySelector("p") ?? item).childNodes,
      );
      button.onclick = () => {
        items.forEach((other) =>
          other.firstElementChild.setAttribute("aria-pressed", other === item),
        );
        button.classList.add(right ? "right" : "wrong");
        said.textContent = right ? "That is right." : "It is not so.";
        answer.open = true;
      };
      item.replaceChildren(button);
    }
  }
  go(0);
  return make(
    "section",
    { className: "lessons", ariaLabel: "Lessons" },
    make("p", { className: "steps" }, back, place, next),
    ...found,
  );
}

// The whole ----------------------------------------------------------------------------------------

function mount(root) {
  const view = VIEWS[root.dataset.explorable];
  const own = read(root.dataset.settings ?? "");
  let settings = view.whole ? read(location.hash, own) : own;
  let state = null;
  let waiting = 0;
  let asked = false;

  const draw = () => {
    asked = false;
    panels.forEach((one) => one.draw(state));
    root.dataset.networks = state?.networks.length ?? 0;
  };
  const drawSoon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  };
  const start = computing(({ done, ...message }) => {
    if (message.theory) {
      const at = state?.settings.depth === settings.depth ? state.layer : settings.depth;
      state = begun(settings, at);
      [layer.max, layer.value] = [settings.depth, at];
    }
    take(state, message);
    root.toggleAttribute("data-done", Boolean(done));
    status.textContent = done ? PICTURES[view.pictures[0]].told(state) : "";
    drawSoon();
  });
  const restart = () => {
    root.removeAttribute("data-done");
    const images = [settings.first, settings.second].map(pixels);
    start({ settings, images });
    digits.replaceChildren(thumbnail(settings.first), " and ", thumbnail(settings.second));
    for (const [key, { set }] of Object.entries(controls)) set(settings[key]);
    stops.forEach((stop, at) =>
      stop.setAttribute("aria-pressed", STOPS[at].variance === settings.variance),
    );
    slow.hidden = !isSlow(settings);
    copied.hidden = true;
    buttons.forEach((button, at) => (button.textContent = NAMES[at]));
  };
  const change = (changes) => {
    settings = { ...settings, ...changes };
    // Else each step of a slider would be a place to go back to.
    if (view.whole) history.replaceState(null, "", `#${write(settings)}`);
    clearTimeout(waiting);
    waiting = setTimeout(restart, BUSY);
  };
  const controls = Object.fromEntries(
    Object.entries(FIELDS)
      .filter(([key]) => view.whole || view.fields.includes(key))
      .map(([key, field]) => [key, control(key, field, (value) => change({ [key]: value }))]),
  );

  const look = (share) => {
    if (!state) return;
    const { depth } = state.settings;
    state.layer = Math.round(Math.min(Math.max(share, 0), 1) * depth);
    layer.value = state.layer;
    drawSoon();
  };
  const layer = make("input", {
    type: "range",
    min: 0,
    max: settings.depth,
    value: settings.depth,
  });
  layer.oninput = () => look(layer.value / layer.max);
  const layerLabel = make(
    "label",
    { className: "wide" },
    make("span", {}, "Layer that is looked at"),
    layer,
  );

  const status = make("p", { className: "hidden-text", role: "status" });
  const panels = view.pictures.map((key, at) => panel(key, at === 0, look));
  const copied = make("pre", { className: "copied", hidden: true, tabIndex: 0 });
  const copy = (name, text) =>
    make("button", {
      type: "button",
      textContent: name,
      onclick: ({ currentTarget: button }) => {
        copied.textContent = text(); // to be taken by hand where a browser does not let a page copy
        copied.hidden = false;
        navigator.clipboard?.writeText(copied.textContent).then(
          () => (button.textContent = `${name} ✓`),
          () => {},
        );
      },
    });
  const nox = () => asNox(settings) ?? "# No experiment of the study has such networks.";
  const digits = make("span", { className: "digits" });
  const slow = make("p", {
    hidden: true,
    textContent:
      "Orthogonal weights of such widths may take minutes; each network is shown once it is drawn. " +
      "A smaller width, fewer layers or fewer networks take less.",
  });
  const stops = STOPS.map(({ variance, label }) =>
    make("button", { type: "button", textContent: label, onclick: () => change({ variance }) }),
  );
  const elements = (keys) => keys.map((key) => controls[key].element);
  const rest = Object.keys(controls).filter((key) => !view.fields.includes(key));
  const form = make("form", { onsubmit: () => false }, ...elements(view.fields), slow);
  if (view.fields.includes("variance")) form.append(make("p", { className: "stops" }, ...stops));
  if (view.whole) {
    const drawn = globalThis.explorableDigits
      ? "from MNIST’s training images."
      : "drawn by code, in place of handwritten ones.";
    form.append(
      make(
        "details",
        { className: "more" },
        make("summary", { textContent: "More settings" }),
        make("div", { className: "fields" }, ...elements(rest)),
        make("p", {}, "The digits ", digits, ` are ${drawn}`),
      ),
    );
  }
  const buttons = [nox, () => asTorch(settings), () => location.href].map((text, at) =>
    copy(NAMES[at], text),
  );
  const again = make("button", {
    type: "button",
    textContent: "Start again",
    onclick: () => change(START),
  });
  const asking = view.whole
    ? lessons([...document.querySelectorAll(".explorable-lesson")], (text, picture) => {
        change(read(text));
        panels.forEach((one) => one.open(one.key === picture));
      })
    : null;
  root.replaceChildren(
    ...[
      asking,
      form,
      panels[0].element,
      view.pictures.length > 1 ? layerLabel : null,
      ...panels.slice(1).map(({ element }) => element),
      ...(view.whole ? [make("p", { className: "stops" }, ...buttons, again), copied] : []),
      status,
    ].filter(Boolean),
  );
  root.classList.add("alive");
  if (!view.whole) panels.forEach((one) => one.open(true));
  if (view.whole) addEventListener("hashchange", () => change(read(location.hash, own)));
  addEventListener("resize", drawSoon);
  restart();
}

/** Put every explorable of the page in its place. */
export function mountAll() {
  document.querySelectorAll("[data-explorable]").forEach(mount);
}
