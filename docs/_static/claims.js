// Lets one filter and sort the claims; the address keeps what is chosen.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".claim-filter");
  if (!form) return;
  const body = document.querySelector("#list-of-claims tbody");
  const rows = [...body.rows];
  // Words are found in either spelling.
  const british = (text) => text.toLowerCase().replace(/(?<=[a-z]{3})iz/g, "is");
  const texts = new Map(rows.map((row) => [row, british(row.textContent)]));
  const choices = [...form.querySelectorAll("select")].filter(({ name }) => name !== "sort");

  function show() {
    const words = british(form.elements.q.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const chosen = choices.every(({ name, value }) => !value || row.dataset[name] === value);
      row.hidden = !(chosen && words.every((word) => texts.get(row).includes(word)));
      if (!row.hidden) shown += 1;
    }
    const by = form.elements.sort.value;
    const sorted = by ? [...rows].sort((a, b) => a.dataset[by].localeCompare(b.dataset[by])) : rows;
    body.append(...sorted);
    form.querySelector("output").textContent = `${shown} of ${rows.length} claims`;
  }

  function remember() {
    const chosen = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  }

  function recall() {
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (form.elements[name]) form.elements[name].value = value;
    }
    show();
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { show(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { show(); remember(); }));
  recall();
  // Who follows a link to a choice comes for the list; who goes back is where they were.
  const [{ type }] = performance.getEntriesByType("navigation");
  if (location.search && !location.hash && type === "navigate") form.scrollIntoView();
});
