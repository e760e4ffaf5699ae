"use strict";
// Sends what the forms of the API's pages say, and shows what is answered.

const SHOWN = 200000; // characters of an answer that are shown

function place(form, name) {
  return [...form.querySelectorAll(`[data-place="${name}"]`)];
}

function address(form) {
  let path = form.dataset.path;
  for (const field of place(form, "path")) {
    path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
  }
  const query = new URLSearchParams();
  for (const field of place(form, "query")) {
    if (field.value !== "") query.append(field.name, field.value);
  }
  return query.size ? `${path}?${query}` : path;
}

function request(form) {
  const token = document.getElementById("access-token");
  const headers = { "Accept-Language": document.documentElement.lang };
  const sent = { method: form.dataset.method, headers, redirect: "manual" };
  if (token.value) {
    headers.Authorization = `Bearer ${token.value}`;
    sent.credentials = "omit";
  } else {
    headers["X-CSRF-Token"] = token.dataset.csrf;
  }
  const parts = place(form, "form");
  const [body] = place(form, "body");
  if (parts.length) {
    sent.body = new FormData();
    for (const part of parts) {
      const value = part.type === "file" ? part.files[0] : part.value;
      if (value) sent.body.append(part.name, value);
    }
  } else if (body) {
    sent.body = body.value;
    headers["Content-Type"] = form.dataset.media;
  }
  return sent;
}

async function show(form, answer) {
  const shown = form.querySelector("[data-answer]");
  const told = shown.querySelector("p");
  told.className = answer.ok ? "note good" : "note bad";
  told.textContent = `${answer.status} ${answer.statusText}`;
  const type = answer.headers.get("Content-Type") || "";
  const lines = [...answer.headers].map(([name, value]) => `${name}: ${value}`);
  const body = await answer.blob();
  let text = "";
  if (/json|text|xml/.test(type)) {
    text = await body.text();
    if (/[/+]json\b/.test(type)) text = JSON.stringify(JSON.parse(text), null, 2);
  } else if (body.size) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(body);
    link.download = "answer";
    link.textContent = ` ${form.dataset.file}`;
    told.append(link);
  }
  shown.querySelector("pre").textContent = `${lines.join("\n")}\n\n${text.slice(0, SHOWN)}`;
  shown.hidden = false;
}

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  try {
    await show(form, await fetch(address(form), request(form)));
  } catch (error) {
    const shown = form.querySelector("[data-answer]");
    shown.querySelector("p").className = "note bad";
    shown.querySelector("p").textContent = `${form.dataset.failed} ${error.message}`;
    shown.querySelector("pre").textContent = "";
    shown.hidden = false;
  }
}

for (const form of document.querySelectorAll("form[data-method]")) {
  form.addEventListener("submit", send);
}
