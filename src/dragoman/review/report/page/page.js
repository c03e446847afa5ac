"use strict";
(() => {
  const form = document.getElementById("filters");
  const all = (selector) => [...document.querySelectorAll(selector)];
  const drawn = all("[data-of]").map((node) => ({ node, of: node.dataset.of.split(" ") }));

  // Whatever a link leads to is opened, and shown even if it was filtered out.
  const arrive = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.hidden && form) form.reset();
    const fold = target.matches("details") ? target : target.querySelector(":scope > details");
    if (fold) fold.open = true;
    setTimeout(() => target.scrollIntoView());
  };
  addEventListener("hashchange", arrive);
  for (const link of all('a[href^="#"]'))
    link.addEventListener("click", () => link.hash === location.hash && arrive());
  arrive();

  // The lines of the surface that is pointed at stand out.
  const map = document.querySelector(".map");
  const lines = drawn.filter(({ node }) => node.matches("path"));
  const light = (item) => {
    map.classList.toggle("lit", Boolean(item));
    for (const { node } of lines) node.classList.toggle("on", Boolean(item) && node.dataset.of === item.dataset.of);
  };
  for (const { node } of drawn.filter(({ node }) => node.matches("li"))) {
    node.addEventListener("pointerenter", () => light(node));
    node.addEventListener("pointerleave", () => light(null));
    node.addEventListener("focusin", () => light(node));
    node.addEventListener("focusout", () => light(null));
  }

  // On paper every surface is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("article.surface > details:not([open])");
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });

  if (!form) return;
  const surfaces = all("article.surface");
  const rules = all("details.rule").map((rule) => ({
    rule,
    rows: [...rule.querySelectorAll("tbody tr")],
    count: rule.querySelector(".count"),
    said: rule.querySelector(".count").textContent,
    head: rule.querySelector("summary").textContent.toLowerCase(),
  }));
  const fits = all("[data-fits]").map((node) => ({
    node,
    of: node.dataset.fits.split(" ").filter((n) => document.getElementById(`surface-${n}`)),
    said: node.lastElementChild.textContent,
  }));
  const texts = new Map();
  const text = (node) => {
    if (!texts.has(node)) texts.set(node, node.textContent.toLowerCase());
    return texts.get(node);
  };
  const rows = rules.flatMap((each) => each.rows.map((row) => ({ row, head: each.head })));

  // Which surfaces are of the audience, the style and the verdict that are asked for.
  const facets = (surface, asked) =>
    (!asked.audience || surface.dataset.audience === asked.audience) &&
    (!asked.style || surface.dataset.style.split(" ").includes(asked.style)) &&
    (!asked.decision || surface.dataset.decision === asked.decision) &&
    (!asked.rank || (asked.rank === "0" ? surface.dataset.rank === "0" : +surface.dataset.rank >= +asked.rank));

  const holds = (words, ...where) => words.every((word) => where.some((each) => each.includes(word)));

  const narrow = () => {
    const asked = Object.fromEntries(new FormData(form));
    const words = asked.text.toLowerCase().split(/\s+/).filter(Boolean);
    const fitting = new Set(surfaces.filter((each) => facets(each, asked)).map((each) => each.dataset.n));
    const found = new Set();
    let places = 0;
    for (const { row, head } of rows) {
      const fits =
        (row.dataset.n ? fitting.has(row.dataset.n) : !asked.audience && !asked.style && !asked.decision) &&
        (!asked.rank || (asked.rank !== "0" && +row.dataset.rank >= +asked.rank)) &&
        holds(words, text(row), head);
      row.hidden = !fits;
      places += fits;
      if (fits) found.add(row.dataset.n);
    }
    const shown = new Set();
    for (const each of surfaces) {
      const n = each.dataset.n;
      const fits = fitting.has(n) && (holds(words, text(each)) || (words.length > 0 && found.has(n)));
      each.hidden = !fits;
      if (fits) shown.add(n);
    }
    for (const { rule, rows, count, said } of rules) {
      const left = rows.filter((row) => !row.hidden).length;
      rule.hidden = left === 0;
      count.textContent = left === rows.length ? said : `${left} of ${said}`;
    }
    for (const { node, of, said } of fits) {
      const left = of.filter((each) => shown.has(each)).length;
      node.lastElementChild.textContent =
        left === of.length ? said : `fits ${left} of ${of.length} ${of.length === 1 ? "surface" : "surfaces"}`;
      node.classList.toggle("off", left === 0);
    }
    for (const each of all("#map > :not(h2):not(.nothing)")) each.hidden = shown.size === 0;
    for (const { node, of } of drawn) node.classList.toggle("off", !of.some((each) => shown.has(each)));
    for (const each of all(".nothing"))
      each.hidden = each.parentElement.id !== "misfits" ? shown.size > 0 : places > 0 || rows.length === 0;
    const narrowed = shown.size < surfaces.length || places < rows.length;
    document.getElementById("shown").textContent = narrowed
      ? `${shown.size} of ${surfaces.length} surfaces, ${places} of ${rows.length} listed misfits`
      : "";
    form.classList.toggle("narrowed", Object.values(asked).some(Boolean));
  };

  let waiting = 0;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(narrow);
  });
  form.addEventListener("reset", () => setTimeout(narrow));

  // A bundle of surfaces narrows the page to those that it stands for.
  for (const link of all("a.bundle"))
    link.addEventListener("click", () => {
      const first = document.getElementById(link.hash.slice(1));
      if (!first || !first.matches("article")) return;
      form.elements.audience.value = first.dataset.audience;
      form.elements.style.value = first.dataset.style.split(" ")[0];
      form.elements.decision.value = first.dataset.decision;
      narrow();
    });
})();
