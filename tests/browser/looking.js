// What looking.py asks of a page.
({
  // Whether a box must be scrolled sideways to see all of it.
  scrolls(box) {
    return ["auto", "scroll"].includes(getComputedStyle(box).overflowX)
      && box.scrollWidth > box.clientWidth + 1;
  },

  // Bring all of the page into sight once, as a reader does who scrolls through it.
  async walk() {
    for (let at = 0; at < document.documentElement.scrollHeight; at += innerHeight) {
      scrollTo({ top: at, behavior: "instant" });
      await new Promise(requestAnimationFrame);
    }
  },

  // What ends without a sign that it goes on.
  cut() {
    const edge = document.documentElement.clientWidth + 1;
    const faults = [];
    for (const part of document.querySelectorAll(".katex .base, table, pre, img, svg")) {
      const nested = part.parentElement.closest("svg, .katex .base, .sidebar-drawer, .toc-drawer");
      const { right, width } = part.getBoundingClientRect();
      if (nested || !width) continue;
      const fault = this.ending(part, right, edge);
      if (fault) faults.push(`${part.localName} ${part.textContent.trim().slice(0, 40)}: ${fault}`);
    }
    if (document.documentElement.scrollWidth >= edge) faults.push("the page scrolls sideways");
    return faults;
  },

  // What is wrong with how a part of a page ends: it is cut by a box around it, or sticks out.
  ending(part, right, edge) {
    for (let box = part; box; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (this.scrolls(box)) return style.backgroundAttachment.includes("local") ? "" : "no cue";
      const hides = box !== part && ["hidden", "clip"].includes(style.overflowX);
      if (hides && right > box.getBoundingClientRect().right + 1) return "cut off";
    }
    return right > edge ? "sticks out" : "";
  },

  // How many formulas, tables and codes there are, and how many of them must be scrolled.
  sideways() {
    const kinds = {
      formulas: "div.math > .katex-display",
      tables: ".table-wrapper",
      codes: "article pre",
    };
    return Object.entries(kinds).map(([kind, selector]) => {
      const boxes = [...document.querySelectorAll(selector)];
      return [kind, boxes.filter((box) => this.scrolls(box)).length, boxes.length];
    });
  },

  // The text of pictures that is smaller than so many pixels, or that is drawn as outlines.
  async pictures(least) {
    const faults = [];
    for (const svg of document.querySelectorAll("article svg[viewBox]")) {
      if (svg.clientWidth) faults.push(...this.picture(svg, svg.clientWidth, least));
    }
    for (const image of document.querySelectorAll('article img[src$=".svg"]')) {
      if (!image.clientWidth) continue;
      const box = document.createElement("div");
      box.innerHTML = await (await fetch(image.src)).text();
      document.body.append(box);
      const name = image.src.split("/").at(-1);
      const found = this.picture(box.querySelector("svg"), image.clientWidth, least);
      faults.push(...found.map((fault) => `${name}: ${fault}`));
      box.remove();
    }
    return faults;
  },

  picture(svg, width, least) {
    const scale = width / svg.viewBox.baseVal.width;
    const faults = svg.querySelector('[id^="DejaVuSans"]') ? ["text as outlines"] : [];
    for (const text of svg.querySelectorAll("text")) {
      const size = parseFloat(getComputedStyle(text).fontSize) * scale;
      const words = text.textContent.trim();
      if (words && size < least - 0.05) faults.push(`"${words}" has ${size.toFixed(1)} px`);
    }
    return faults;
  },

  // The text that a reader sees, but for that of what moves or chooses.
  lines() {
    for (const live of document.querySelectorAll(".explorable, .claim-filter")) live.remove();
    return document.querySelector("article").innerText.split(/\n+/);
  },
})
