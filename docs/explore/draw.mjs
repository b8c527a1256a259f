// Pictures as text: SVG in the colours of the page, which its style sheet gives.

/** The room around the axes. */
export const MARGIN = { left: 58, right: 14, top: 14, bottom: 42 };

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const short = (x) => (Math.round(x * 10) / 10).toString();

const RAISED = {
  "-": "⁻",
  ".": "·",
  ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((sign, at) => [at, sign])),
};

/** 2 to a power, or the number itself where it is short. */
export function power(log, digits = 3) {
  if (log === -Infinity) return "0";
  if (log === Infinity) return "∞";
  if (Number.isNaN(log) || log === undefined) return "–";
  if (Math.abs(log) < 10) return Number((2 ** log).toPrecision(digits)).toString();
  return `2${[...String(Math.round(log))].map((sign) => RAISED[sign]).join("")}`;
}

/** Round steps between two ends, about so many. */
export function ticks(low, high, about = 5) {
  const rough = (high - low) / about;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((one) => one >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9 * step; tick += step)
    found.push(Number(tick.toPrecision(12)));
  return found;
}

/** A path through points; it is lifted where a number is not finite. */
export function line(points, kind) {
  let down = false;
  let path = "";
  for (const [x, y] of points) {
    const drawn = Number.isFinite(x) && Number.isFinite(y);
    if (drawn) path += `${down ? "L" : "M"}${short(x)} ${short(y)}`;
    down = drawn;
  }
  return `<path class="${kind}" d="${path}"/>`;
}

/** An element that is empty, with its attributes; numbers are written short. */
export function shape(tag, attributes) {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escaped(typeof value === "number" ? short(value) : value)}"`,
  );
  return `<${tag}${written.join("")}/>`;
}

/** A box from one corner to the other. */
export const rect = (kind, [x1, y1], [x2, y2]) =>
  shape("rect", {
    class: kind,
    x: x1,
    y: y1,
    width: Math.max(0, x2 - x1),
    height: Math.max(0, y2 - y1),
  });

/** A line of text at a place. */
export const text = (x, y, what, kind = "", anchor = "start") =>
  `<text x="${short(x)}" y="${short(y)}" class="${kind}" text-anchor="${anchor}">${escaped(what)}</text>`;

/**
 * A picture with axes. `inside` is given functions from numbers to places and returns what is drawn.
 * `x` and `y` hold their ends as `range`, a `label`, and optionally `ticks` and how to `show` them.
 */
export function chart({ width, height, x, y, told, inside }) {
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const between =
    ([low, high], from, to) =>
    (value) =>
      from + ((value - low) / (high - low || 1)) * (to - from);
  const [toX, toY] = [between(x.range, left, right), between(y.range, bottom, top)];
  const xTicks = (x.ticks ?? ticks(...x.range, width < 500 ? 4 : 8)).map(
    (tick) =>
      line(
        [
          [toX(tick), top],
          [toX(tick), bottom],
        ],
        "grid",
      ) + text(toX(tick), bottom + 16, (x.show ?? String)(tick), "tick", "middle"),
  );
  const yTicks = (y.ticks ?? ticks(...y.range)).map(
    (tick) =>
      line(
        [
          [left, toY(tick)],
          [right, toY(tick)],
        ],
        "grid",
      ) + text(left - 6, toY(tick) + 4, (y.show ?? String)(tick), "tick", "end"),
  );
  const turned = `transform="rotate(-90 14 ${short((top + bottom) / 2)})"`;
  const named = `role="img" aria-label="${escaped(told)}"`;
  const inner = [left, top, right - left, bottom - top];
  const clip = `x="${left}" y="${top}" width="${inner[2]}" height="${inner[3]}"`;
  return (
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${named}>` +
    `${xTicks.join("")}${yTicks.join("")}` +
    text((left + right) / 2, height - 6, x.label, "axis", "middle") +
    `<g ${turned}>${text(14, (top + bottom) / 2, y.label, "axis", "middle")}</g>` +
    `<svg ${clip} viewBox="${inner.join(" ")}">` +
    `${inside(toX, toY, { left, right, top, bottom })}</svg></svg>`
  );
}

/** A table as text. */
export function table(head, rows) {
  const row = (cells, tag) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row(cells, "td")).join("");
  return `<table><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table>`;
}

/** What the lines of a picture mean. */
export const legend = (entries) =>
  entries
    .map(
      ([kind, what]) =>
        `<span><svg width="30" height="10" aria-hidden="true">${line(
          [
            [1, 5],
            [29, 5],
          ],
          kind,
        )}</svg>` + ` ${escaped(what)}</span>`,
    )
    .join("");
