/* What makes the pages livelier. Every page works without it. */
(() => {
  "use strict";

  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* The menu of a phone. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".menu");
    if (!button) return;
    const opened = button.closest(".side").classList.toggle("opened");
    button.setAttribute("aria-expanded", String(opened));
  });

  const fragmentOf = async (address, options) => {
    const answer = await fetch(address, {
      ...options,
      headers: { "X-Requested-With": "fetch", ...options?.headers },
      credentials: "same-origin",
    });
    if (!answer.ok && !options?.anyStatus) throw new Error(String(answer.status));
    return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  };

  /* [data-live]: a part that is fetched again every so many seconds, while somebody looks. */
  const refresh = async (part) => {
    const { page } = await fragmentOf(part.dataset.live);
    const fresh = page.getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
      part.replaceChildren(...fresh.childNodes);
    }
  };
  const keepLive = (part) => {
    const every = Number(part.dataset.every || 5) * 1000;
    let failures = 0;
    const round = async () => {
      if (!part.isConnected) return;
      if (!document.hidden) {
        try {
          await refresh(part);
          failures = 0;
        } catch {
          failures += 1;
        }
      }
      setTimeout(round, every * Math.min(2 ** failures, 12));
    };
    setTimeout(round, every);
  };

  /* [data-swap="#part"] on a form that only asks, or a link: its answer replaces that part
     without loading the whole page; the address and the way back are kept. */
  const swap = async (address, selector) => {
    const part = document.querySelector(selector);
    part.setAttribute("aria-busy", "true");
    try {
      const { page } = await fragmentOf(address, { anyStatus: true });
      const fresh = page.querySelector(selector);
      if (!fresh) {
        location.assign(address);
        return;
      }
      part.replaceChildren(...fresh.childNodes);
      history.pushState({}, "", address);
      shown = location.pathname + location.search;
      ready(part);
      document.title = page.title;
      const said = document.getElementById("said");
      if (said) said.textContent = part.dataset.loaded || "";
    } catch {
      location.assign(address);
    } finally {
      part.removeAttribute("aria-busy");
    }
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.swap && form.method === "get") {
      event.preventDefault();
      const given = [...new FormData(form)].filter(([, value]) => value !== "");
      swap(`${form.getAttribute("action") || location.pathname}?${new URLSearchParams(given)}`, form.dataset.swap);
      return;
    }
    const question = event.submitter?.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    else if (form.method === "post") {
      /* Once only: a second press while the first is under way does nothing. */
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    swap(link.href, link.dataset.swap);
  });
  let shown = location.pathname + location.search;
  addEventListener("popstate", () => {
    /* A jump within the page comes here too, and stays. */
    if (location.pathname + location.search !== shown) location.reload();
  });

  /* [data-check-all="name"]: one box that sets all boxes of that name. */
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.checkAll;
    if (name) {
      for (const box of $$(`input[name="${name}"]`, event.target.form ?? document)) {
        if (!box.disabled) box.checked = event.target.checked;
      }
    }
    if (event.target.dataset?.submit !== undefined) event.target.form.requestSubmit();
  });

  /* [data-copy]: copies its text. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const said = document.getElementById("said");
    if (said) said.textContent = button.dataset.copied;
  });

  /* .drop: a file dropped onto it is put into its input. */
  const ready = (root) => {
    for (const part of $$("[data-live]", root)) keepLive(part);
    for (const zone of $$(".drop", root)) {
      const input = zone.querySelector("input[type=file]");
      zone.addEventListener("dragover", (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
      zone.addEventListener("dragleave", () => zone.classList.remove("over"));
      zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
  };
  ready(document);

  /* Where the navigation is longer than the window, it shows the page that one is at. */
  document.querySelector(".side [aria-current=page]")?.scrollIntoView({ block: "nearest" });
})();
