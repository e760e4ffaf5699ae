/* The page of a trainer in a room without a network. */

import { close, device, handIn } from "./batches.js";
import { scanInto } from "./scanner.js";
import { all, get, persist, put, remove } from "./store.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const _ = (text, values = {}) =>
  (texts[text] ?? text).replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);

const $ = (id) => document.getElementById(id);
const say = (text) => {
  $("said").textContent = text;
};
const made = (tag, properties = {}, ...children) => {
  const { data, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  Object.assign(element.dataset, data ?? {});
  element.append(...children);
  return element;
};

const STATES = [
  ["present", _("present")],
  ["late", _("late")],
  ["excused", _("excused")],
  ["absent", _("absent")],
];

let lesson = null;
let settings = { homePage: "", trainer: "" };

const show = (name) => {
  for (const part of document.querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== name;
  $("back").hidden = name === "lessons";
};

/* The lessons and what became of each. */
const listLessons = async () => {
  lesson = null;
  show("lessons");
  const [lessons, batches] = [await all("lessons"), await all("batches")];
  const byNumber = new Map(batches.map((one) => [one.number, one]));
  lessons.sort((one, other) => other.started.localeCompare(one.started));
  $("lessons").replaceChildren(
    ...lessons.map((one) => {
      const [state, text] = stateOf(one, byNumber.get(one.batch));
      const open = made("button", { type: "button", className: "row-button" }, one.title);
      open.addEventListener("click", () => openLesson(one.id));
      return made(
        "li",
        {},
        made("span", {}, open, made("br"), made("small", {}, `${one.courseName} · ${one.started.slice(0, 10)}`)),
        made("span", { className: `state ${state}` }, text),
      );
    }),
  );
  $("none").hidden = lessons.length > 0;
  const waiting = batches.filter((one) => one.state !== "taken");
  $("waiting").textContent = waiting.length
    ? _("%(count)s to be handed in", { count: waiting.length })
    : _("Everything is handed in.");
  const refusal = waiting.find((one) => one.status);
  $("refusal").hidden = !refusal;
  if (refusal) {
    $("refusal").textContent =
      refusal.status === 403
        ? _("The service does not know this device yet. Ask a registrar to register it; what was recorded is kept.")
        : _("The service answered: %(said)s", { said: refusal.said ?? refusal.status });
  }
  $("hand-in").hidden = waiting.length === 0;
};

const stateOf = (one, batch) => {
  if (!batch) return ["open", _("being recorded")];
  if (batch.state !== "taken") return ["open", _("kept, number %(number)s", { number: batch.number })];
  if (batch.refused) return ["bad", _("handed in, %(count)s to be corrected", { count: batch.refused })];
  return ["good", _("handed in, number %(number)s", { number: batch.number })];
};

/* One lesson: a row for each learner. */
const openLesson = async (id) => {
  lesson = await get("lessons", id);
  show("lesson");
  $("lesson-title").textContent = lesson.title;
  $("lesson-course").textContent = `${lesson.courseName} · ${lesson.started.slice(0, 10)}`;
  const closed = Boolean(lesson.batch);
  $("closed").hidden = !closed;
  $("adding").hidden = closed;
  $("close-part").hidden = closed;
  drawLearners();
};

const drawLearners = () => {
  $("learners").replaceChildren(...lesson.learners.map(learnerRow));
  mark();
};

/* Shows what is recorded, without touching what is being typed. */
const mark = () => {
  for (const learner of lesson.learners) {
    for (const button of $(`learner-${learner.number}`).querySelectorAll("[data-value]")) {
      button.setAttribute("aria-pressed", String(learner.attendance === button.dataset.value));
    }
  }
  const there = lesson.learners.filter((one) => ["present", "late"].includes(one.attendance)).length;
  $("tally").textContent = _("%(there)s of %(all)s are here", { there, all: lesson.learners.length });
};

const learnerRow = (learner) => {
  const closed = Boolean(lesson.batch);
  const who = learner.name || learner.number;
  const choices = STATES.map(([value, text]) => {
    const button = made(
      "button",
      { type: "button", className: `choice ${value}`, disabled: closed, data: { value } },
      text,
    );
    button.addEventListener("click", () => record(learner.number, { attendance: value, at: now() }));
    return button;
  });
  const score = made("input", {
    type: "number",
    min: 0,
    max: 100,
    step: "any",
    inputMode: "decimal",
    value: learner.score ?? "",
    disabled: closed,
  });
  score.setAttribute("aria-label", _("Score of %(name)s, out of 100", { name: who }));
  score.placeholder = _("score");
  score.addEventListener("change", () => {
    const value = score.value === "" ? null : Number(score.value);
    if (value !== null && !(value >= 0 && value <= 100)) {
      score.setAttribute("aria-invalid", "true");
      say(_("A score is 0 to 100."));
      return;
    }
    record(learner.number, { score: value, scoredAt: now() });
  });
  const group = made("div", { className: "choices" }, ...choices, score);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", who);
  return made("li", { id: `learner-${learner.number}` }, made("span", {}, who, " ", made("small", {}, learner.name ? learner.number : "")), group);
};

const now = () => new Date().toISOString();

/* Every touch is kept at once. */
const record = (number, told) => {
  Object.assign(
    lesson.learners.find((one) => one.number === number),
    told,
  );
  mark();
  return put("lessons", lesson);
};

const add = async (text) => {
  let added = 0;
  for (const line of text.split(/\r?\n/)) {
    const [first, ...rest] = line.trim().split(/[\s,，;；\t]+/);
    if (!first) continue;
    const [homePage, number] = first.includes("|")
      ? [first.replace(/^account:/, "").split("|")[0], first.slice(first.indexOf("|") + 1)]
      : ["", first];
    if (lesson.learners.some((one) => one.number === number)) continue;
    const learner = {
      number,
      homePage,
      name: rest.join(" "),
      ids: { attended: crypto.randomUUID(), scored: crypto.randomUUID() },
    };
    lesson.learners.push(learner);
    $("learners").append(learnerRow(learner));
    added += 1;
  }
  mark();
  await put("lessons", lesson);
  say(_("%(count)s added", { count: added }));
};

/* A code that was scanned: whoever carries it is here. */
const scanned = async (text) => {
  const code = text.trim();
  const number = code.includes("|") ? code.slice(code.indexOf("|") + 1) : code;
  if (!number) return;
  if (!lesson.learners.some((one) => one.number === number)) await add(code);
  await record(number, { attendance: "present", at: now() });
  const learner = lesson.learners.find((one) => one.number === number);
  say(_("%(name)s is here", { name: learner.name || number }));
};

const fill = (form, values) => {
  for (const [name, value] of Object.entries(values)) {
    if (form.elements[name]) form.elements[name].value = value ?? "";
  }
};

const loadCourses = async () => {
  let courses = (await get("things", "courses"))?.courses ?? [];
  try {
    const response = await fetch("/attendance/courses", { headers: { Accept: "application/json" } });
    if (response.ok && !response.redirected) {
      courses = await response.json();
      await put("things", { name: "courses", courses });
    }
  } catch {
    /* No network: the courses of last time. */
  }
  $("courses").replaceChildren(
    ...courses.map((one) => made("option", { value: one.id }, one.name)),
  );
  $("new-lesson").elements.course.dataset.names = JSON.stringify(
    Object.fromEntries(courses.map((one) => [one.id, one.name])),
  );
};

const showDevice = async () => {
  const { id, jwk } = await device();
  $("device-id").textContent = id;
  $("device-key").value = JSON.stringify(jwk);
};

const network = () => {
  $("network").textContent = navigator.onLine ? _("network") : _("no network");
  $("network").className = `state ${navigator.onLine ? "good" : "open"}`;
};

const sendWaiting = async () => {
  network();
  if (navigator.onLine) await handIn();
  if (!lesson) await listLessons();
};

const start = async () => {
  if (!window.isSecureContext || !window.indexedDB) {
    $("unable").hidden = false;
    return;
  }
  settings = (await get("things", "settings")) ?? settings;
  fill($("settings"), settings);
  fill($("new-lesson"), { date: new Date().toLocaleDateString("sv") });
  await showDevice();
  await listLessons();
  network();
  persist();
  navigator.serviceWorker?.register("/attendance/worker.js", { scope: "/attendance/" });

  $("back").addEventListener("click", listLessons);
  $("settings").addEventListener("submit", async (event) => {
    event.preventDefault();
    settings = { name: "settings", ...Object.fromEntries(new FormData(event.target)) };
    await put("things", settings);
    say(_("Kept."));
    $("setup").open = false;
  });
  $("new-lesson").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!settings.homePage) {
      $("setup").open = true;
      $("settings").elements.homePage.focus();
      say(_("Say first at which home page the learners have their numbers."));
      return;
    }
    const given = Object.fromEntries(new FormData(event.target));
    const names = JSON.parse(event.target.elements.course.dataset.names ?? "{}");
    const begun = {
      id: crypto.randomUUID(),
      course: given.course,
      courseName: given.courseName || names[given.course] || given.course,
      title: given.title,
      hours: Number(given.hours) || 0,
      passMark: Number(given.passMark) || 60,
      started: `${given.date}T${new Date().toISOString().slice(11)}`,
      learners: [],
    };
    await put("lessons", begun);
    event.target.elements.title.value = "";
    await openLesson(begun.id);
  });
  $("add").addEventListener("submit", async (event) => {
    event.preventDefault();
    await add(event.target.elements.list.value);
    event.target.reset();
  });
  $("code").addEventListener("submit", async (event) => {
    event.preventDefault();
    await scanned(event.target.elements.number.value);
    event.target.reset();
  });
  $("all-present").addEventListener("click", async () => {
    for (const one of lesson.learners) {
      if (!one.attendance) Object.assign(one, { attendance: "present", at: now() });
    }
    mark();
    await put("lessons", lesson);
  });
  $("close").addEventListener("click", async () => {
    if (!lesson.learners.some((one) => one.attendance || typeof one.score === "number")) {
      say(_("Nothing is recorded yet."));
      return;
    }
    if (!window.confirm(_("Sign and hand in? It cannot be changed here afterwards."))) return;
    await close(lesson, settings);
    await listLessons();
    await sendWaiting();
  });
  $("forget").addEventListener("click", async () => {
    if (!window.confirm(_("Forget this lesson on this device?"))) return;
    await remove("lessons", lesson.id);
    await listLessons();
  });
  $("hand-in").addEventListener("click", sendWaiting);
  addEventListener("online", sendWaiting);
  addEventListener("offline", network);
  document.addEventListener("visibilitychange", () => document.hidden || sendWaiting());
  scanInto($("scan"), $("camera"), scanned, () => say(_("This browser cannot read codes: type the number.")));
  await loadCourses();
  await sendWaiting();
  document.body.dataset.ready = "yes";
};

start();
