// Fetches the document beside this page and shows it. Where that takes a key, asks for one first: a browser sends none
// when it opens a page.
"use strict";
(() => {
  const entrance = document.getElementById("entrance");
  const refusal = document.getElementById("refusal");
  const field = document.getElementById("key");
  const address = new URL("openapi.json", window.location.href).href;
  // This page is the same for every surface: which one it is, its reader's address says.
  const where = new URL(".", window.location.href).pathname.slice(0, -1);

  async function open(key) {
    const response = await fetch(address, { headers: key ? { Authorization: `Bearer ${key}` } : {} });
    const found = await response.json();
    if (response.ok) {
      show(found, key);
    } else if (response.status === 401 || response.status === 403) {
      entrance.hidden = false;
      refusal.textContent = key ? found.detail : "";
      field.focus();
    } else {
      throw new Error(found.detail);
    }
  }

  function show(spec, key) {
    entrance.hidden = true;
    document.title = spec.info.title;
    const viewer = window.SwaggerUIBundle({
      spec,
      dom_id: "#viewer",
      deepLinking: true,
      displayRequestDuration: true,
      showExtensions: false,
      validatorUrl: null,
      onComplete: () => key && authorize(viewer, spec, key),
    });
  }

  function authorize(viewer, spec, key) {
    const schemes = (spec.components || {}).securitySchemes || {};
    for (const [name, scheme] of Object.entries(schemes)) {
      if (scheme.type === "http" && scheme.scheme === "bearer") viewer.preauthorizeApiKey(name, key);
    }
  }

  async function attempt(key) {
    try {
      await open(key);
    } catch (error) {
      entrance.hidden = false;
      refusal.textContent = `The document cannot be read: ${error.message}`;
    }
  }

  entrance.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(field.value.trim());
  });
  document.title = `${where} – API documentation`;
  document.getElementById("where").textContent = where;
  attempt("");
})();
