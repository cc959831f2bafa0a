"use strict";
// Narrows, orders and unfolds what the page already holds. Without it everything is shown, worst first.
(() => {
  const UNFOLDED_AT_MOST = 25;
  const FACETS = ["severity", "category", "label", "language", "path", "fix", "p", "q"];
  const COUNTED = ["severity", "category", "label", "language", "fix"];
  const RANKS = { critical: 0, high: 1, medium: 2, low: 3 };
  const list = document.getElementById("list");
  const form = document.getElementById("filters");
  const foldButton = document.getElementById("fold");
  const said = document.getElementById("said");

  // A long list is cut into batches, of which the browser draws those in sight.
  const batches = Array.from(list ? list.querySelectorAll(".batch") : []);
  const numInBatch = batches.length ? batches[0].children.length : 0;

  const items = Array.from(list ? list.querySelectorAll("article") : [], (element, idx) => ({
    element,
    idx,
    title: element.querySelector("h3 a"),
    severity: element.dataset.severity,
    category: element.dataset.category,
    label: element.dataset.label,
    language: element.dataset.language,
    path: element.dataset.path,
    line: Number(element.dataset.line),
    p: Number(element.dataset.probability),
    fix: "fix" in element.dataset ? "with" : "without",
    text: null,
  }));
  const byId = new Map(items.map((item) => [item.element.id, item]));

  // Folding. In a long list the parts to unfold are text in `noscript` until somebody comes near them: a browser that
  // builds all of them at once takes seconds.

  function build(element) {
    const packed = element.querySelector("noscript");
    if (!packed) return;
    const template = document.createElement("template");
    template.innerHTML = packed.textContent;
    packed.replaceWith(template.content);
    observer.unobserve(element);
  }

  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) if (entry.isIntersecting) build(entry.target);
    },
    { rootMargin: "1000px" },
  );

  function setOpen(item, isOpen) {
    item.element.classList.toggle("open", isOpen);
    item.title.setAttribute("aria-expanded", String(isOpen));
    if (isOpen && item.element.querySelector("noscript")) observer.observe(item.element);
  }

  function nameFoldButton() {
    const isAnyFolded = items.some((item) => !item.element.hidden && !item.element.classList.contains("open"));
    foldButton.textContent = isAnyFolded ? "Unfold all" : "Fold all";
    return isAnyFolded;
  }

  // Filters

  const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#x27;": "'" };

  function textOf(item) {
    if (item.text === null) {
      const [head, body] = item.element.children;
      const isPacked = body.localName === "noscript";
      item.text = `${head.textContent}\n${isPacked ? unpackText(body.textContent) : textOfBody(body)}`.toLowerCase();
    }
    return item.text;
  }

  function textOfBody(body) {
    return Array.from(body.querySelectorAll(".message, .rows, .steps"), (part) => part.textContent).join("\n");
  }

  function unpackText(markup) {
    const told = markup.slice(0, markup.indexOf('<p class="remedy">'));
    const text = told.replace(/<svg.*?<\/svg>/gs, "").replace(/<[^>]*>/g, "");
    return text.replace(/&(?:lt|gt|amp|quot|#x27);/g, (entity) => ENTITIES[entity]);
  }

  function readForm() {
    const data = new FormData(form);
    return {
      severity: new Set(data.getAll("severity")),
      category: new Set(data.getAll("category")),
      label: data.get("label"),
      language: data.get("language"),
      path: data.get("path").trim().toLowerCase(),
      fix: data.get("fix"),
      p: Number(data.get("p")),
      q: data.get("q").trim().toLowerCase(),
      order: data.get("order"),
    };
  }

  function passes(item, facet, wanted) {
    const value = wanted[facet];
    if (facet === "p") return item.p >= value;
    if (facet === "q") return !value || textOf(item).includes(value);
    if (facet === "path") return `/${item.path.toLowerCase()}`.includes(value);
    if (value instanceof Set) return !value.size || value.has(item[facet]);
    return !value || item[facet] === value;
  }

  // A number beside a choice is how many findings it would leave, the other choices being as they are.
  function countChoices(wanted) {
    const counts = new Map();
    let numShown = 0;
    for (const item of items) {
      const failed = FACETS.filter((facet) => !passes(item, facet, wanted));
      if (item.element.hidden !== failed.length > 0) item.element.hidden = failed.length > 0;
      numShown += failed.length === 0;
      for (const facet of COUNTED) {
        if (failed.length === 0 || (failed.length === 1 && failed[0] === facet)) {
          const key = `${facet}=${item[facet]}`;
          counts.set(key, (counts.get(key) || 0) + 1);
        }
      }
    }
    return { counts, numShown };
  }

  function showCounts(counts) {
    for (const output of form.querySelectorAll("output[data-count]")) {
      const num = counts.get(output.dataset.count) || 0;
      output.textContent = num.toLocaleString("en");
      output.parentElement.classList.toggle("none", num === 0);
    }
    for (const option of form.querySelectorAll("option[data-text]")) {
      const num = counts.get(`${option.parentElement.name}=${option.value}`) || 0;
      option.textContent = `${option.dataset.text} (${num.toLocaleString("en")})`;
    }
  }

  const ORDERS = {
    severity: (one, other) => one.idx - other.idx,
    probability: (one, other) => other.p - one.p || one.idx - other.idx,
    path: (one, other) =>
      (one.path < other.path ? -1 : Number(one.path > other.path)) || one.line - other.line || one.idx - other.idx,
  };
  let order = "severity";

  function sortItems(wanted) {
    if (wanted === order) return;
    order = wanted;
    const elements = [...items].sort(ORDERS[order]).map((item) => item.element);
    if (!batches.length) list.replaceChildren(...elements);
    for (const batch of batches) batch.replaceChildren(...elements.splice(0, numInBatch));
  }

  // What a batch is taken to be high as long as it is not drawn: as high as the folded findings that are left in it.
  function sizeBatches() {
    for (const batch of batches) {
      let num = 0;
      for (const element of batch.children) num += !element.hidden;
      batch.hidden = num === 0;
      batch.style.containIntrinsicHeight = `auto ${num * 4.75}rem`;
    }
  }

  function apply() {
    const wanted = readForm();
    document.getElementById("least").textContent = wanted.p.toFixed(2);
    const { counts, numShown } = countChoices(wanted);
    showCounts(counts);
    sortItems(wanted.order);
    sizeBatches();
    nameFoldButton();
    const all = items.length.toLocaleString("en");
    document.getElementById("shown").textContent =
      numShown === items.length ? `All ${all} findings` : `${numShown.toLocaleString("en")} of ${all} findings`;
    document.documentElement.classList.toggle("filtered", numShown < items.length);
  }

  // The address holds the filters, or the finding that was unfolded last, so that a link shows the same to others.

  function remember(fragment) {
    try {
      history.replaceState(null, "", fragment || location.pathname + location.search);
    } catch {
      // A page in a sandbox has no address of its own to change; everything else works there.
    }
  }

  function describeForm() {
    const params = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      const isDefault = value === "" || (name === "p" && Number(value) === 0) || (name === "order" && value === "severity");
      if (!isDefault) params.append(name, value);
    }
    return params.toString();
  }

  function applyAndRemember() {
    apply();
    const params = describeForm();
    remember(params ? `#${params}` : "");
  }

  function readAddress() {
    const fragment = location.hash.slice(1);
    const item = byId.get(fragment);
    if (item) {
      showItem(item);
    } else if (fragment.includes("=")) {
      fillForm(new URLSearchParams(fragment));
      apply();
    }
  }

  function fillForm(params) {
    form.reset();
    for (const control of form.elements) {
      const values = params.getAll(control.name);
      if (control.type === "checkbox") control.checked = values.includes(control.value);
      else if (control.name && values.length) control.value = values[0];
    }
    for (const select of form.querySelectorAll("select")) {
      if (select.selectedIndex < 0) select.selectedIndex = 0;
    }
  }

  function showItem(item) {
    if (item.element.hidden) {
      form.reset();
      apply();
    }
    build(item.element);
    setOpen(item, true);
    nameFoldButton();
    item.title.focus({ preventScroll: true });
    scrollToward(item.element, 8);
  }

  // What lies above is only measured when it comes into view, and may move the place that is scrolled to.
  function scrollToward(element, numFrames) {
    element.scrollIntoView();
    if (numFrames) requestAnimationFrame(() => scrollToward(element, numFrames - 1));
  }

  // Copying

  async function copy(button) {
    const text = button.dataset.copy ?? button.previousElementSibling.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text);
    }
    said.textContent = "Copied.";
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = before;
      said.textContent = "";
    }, 1500);
  }

  // Where the page has no right to the clipboard, as in a frame.
  function copyBySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }

  // Events

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) copy(button);
    const folder = event.target.closest("button[data-folder]");
    if (folder) {
      form.elements.path.value = folder.dataset.folder;
      applyAndRemember();
      document.getElementById("findings").scrollIntoView();
    }
    const title = event.target.closest("#list h3 a");
    if (title && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const item = byId.get(title.closest("article").id);
      build(item.element);
      setOpen(item, !item.element.classList.contains("open"));
      nameFoldButton();
      remember(title.getAttribute("href"));
    }
  });

  // Paper shows everything unfolded. Afterwards the page is as it was.
  const closed = new Set();

  function unfoldForPaper() {
    for (const item of items) if (!item.element.hidden) build(item.element);
    for (const details of document.querySelectorAll("details:not([open])")) closed.add(details);
    for (const details of closed) details.open = true;
  }

  function foldAfterPaper() {
    for (const details of closed) details.open = false;
    closed.clear();
  }

  addEventListener("beforeprint", unfoldForPaper);
  addEventListener("afterprint", foldAfterPaper);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? unfoldForPaper() : foldAfterPaper()));
  addEventListener("hashchange", readAddress);

  if (!form) return;
  let isAsked = false;
  form.addEventListener("input", () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      applyAndRemember();
    });
  });
  // Not the event `reset`: it comes of the script's own resets too, which leave the address as it is.
  form.querySelector("[type=reset]").addEventListener("click", () => requestAnimationFrame(applyAndRemember));
  form.addEventListener("submit", (event) => event.preventDefault());
  foldButton.addEventListener("click", () => {
    const isOpen = nameFoldButton();
    for (const item of items) if (!item.element.hidden) setOpen(item, isOpen);
    nameFoldButton();
  });

  for (const item of items) setOpen(item, items.length <= UNFOLDED_AT_MOST);
  if (matchMedia("(max-width: 56rem)").matches) form.querySelector("details").open = false;
  form.reset(); // browsers keep what was typed before a reload
  apply();
  readAddress();
})();
