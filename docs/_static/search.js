// The excerpts of a search are plain text. Sphinx takes all that a page holds, and so each formula
// three times: as MathML, as TeX and as it is drawn. Here a formula is one line, pictures are left
// out, and cells of a table stand apart.
const LEFT_OUT = ".headerlink, script, style, svg, form";
const BLOCKS = "p, li, dt, dd, tr, pre, h1, h2, h3, h4, figcaption, .math";

const ACCENTS = ["ˉ", "^", "~", "˙", "→", "‾"];
const grouped = (text) => (/^[\p{L}\p{N}′.]*$/u.test(text) ? text : `(${text})`);

// What stands for an element of MathML, given what stands for its parts.
const LINES = {
  annotation: () => "",
  mfrac: (above, below) => `${grouped(above)}/${grouped(below)}`,
  msqrt: (...inside) => `√${grouped(inside.join(""))}`,
  msub: (base, below) => `${base}_${grouped(below)}`,
  msup: (base, above) => (above === "′" ? `${base}′` : `${base}^${grouped(above)}`),
  msubsup: (base, below, above) => `${base}_${grouped(below)}^${grouped(above)}`,
  munder: (base, below) => `${base}_${grouped(below)}`,
  munderover: (base, below, above) => `${base}_${grouped(below)}^${grouped(above)}`,
  mover: (base, above) => (ACCENTS.includes(above) ? base : `${base}^${grouped(above)}`),
  mspace: () => " ",
  mtr: (...cells) => `${cells.join(" ")}; `,
};

/** A formula as a line of text, from its MathML; where a function is applied there is a sign. */
const formula = (math) => line(math).replace(/\u2061(?=[(\[{])/g, "").replaceAll("\u2061", " ");

function line(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replaceAll("\u200b", "");
  const parts = [...node.childNodes].map(line);
  if (node.localName === "mo" && /^[=≈≤≥<>→∼∝≠]$/.test(parts.join(""))) return ` ${parts[0]} `;
  return (LINES[node.localName] ?? ((...all) => all.join("")))(...parts);
}

/** What a page says, or the part of it with an anchor. */
function excerpt(html, anchor) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.querySelector('[role="main"], main');
  const part = (anchor && main?.querySelector(anchor)) || main;
  if (!part) return "";
  for (const node of part.querySelectorAll(LEFT_OUT)) node.remove();
  for (const node of part.querySelectorAll(".katex")) node.replaceWith(formula(node.querySelector("math")));
  for (const node of part.querySelectorAll("td + td, td + th, th + td, th + th")) node.prepend(" · ");
  for (const node of part.querySelectorAll(BLOCKS)) node.append(" ");
  return part.textContent.replace(/\s+/g, " ").trim();
}

Search.htmlToText = excerpt;

// Words are found in either spelling, and by the usual other names; the index is made alike.
const american = new RegExp(usualWords.american);
const usual = (word) => {
  const british = word.replace(american, "is");
  return Object.hasOwn(usualWords.synonyms, british) ? usualWords.synonyms[british] : british;
};
const PlainStemmer = window.Stemmer;
window.Stemmer = function () {
  const plain = new PlainStemmer();
  this.stemWord = (word) => plain.stemWord(usual(word));
};

// What answers stands before what proves: the advice, the tables, the chapters; then claims, data
// sheets and the code. A claim whose id was typed comes first of all.
const WEIGHTS = [
  [/^which-initialisation$/, 45],
  [/^(gains|cite|rerun|glossary|notation|claims|method|how-to-read-a-claim)$/, 10],
  [/^(reproducibility|other-libraries|try-your-own|experiments\/index)$/, 4],
  [/^chapters\//, 10],
  [/^explore\//, 10],
  [/^(c|experiments)\//, -8],
  [/^(api|genindex|py-modindex)/, -14],
];
const NAMED = 20; // for the title of an answer that holds all the words, else their share of it
const sought = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();
const stems = (text) => {
  const stemmer = new Stemmer();
  return splitQuery(text.toLowerCase().replaceAll("_", " ")).map((word) => stemmer.stemWord(word));
};

Scorer.score = ([page, title, , , score, , kind]) => {
  if (kind === "object" && title.toLowerCase() === sought) return 200;
  const words = stems(sought);
  const there = new Set(stems(title));
  const share = words.filter((word) => there.has(word)).length / Math.max(words.length, 1);
  const [, weight] = WEIGHTS.find(([place]) => place.test(page)) ?? [null, 0];
  return score + weight + (weight > 0 ? NAMED * share : 0);
};
