/* Lessons become statements, statements a batch: numbered, signed (JWS, ES256), kept, and handed in
   until the service has said what became of it. docs/devices.md describes the format. */

import { all, answer, get, put, transact } from "./store.js";

const TYPE = "lrs-batch+jws";
const ATTENDANCE = "urn:lrs:extension:attendance";
const VERBS = "http://adlnet.gov/expapi/verbs/";
const COURSE_TYPE = "http://adlnet.gov/expapi/activities/course";
const SESSION_TYPE = "urn:lrs:activitytype:session";

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const encoded = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

/* The device, made on first use: its key pair and its id, the key's thumbprint (RFC 7638). */
export const device = async () => {
  const known = await get("things", "device");
  if (known) return known;
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
    "sign",
    "verify",
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const canonical = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
  const id = base64url(await crypto.subtle.digest("SHA-256", canonical));
  const made = { name: "device", id, jwk: { kty, crv, x, y }, key: keys.privateKey, next: 1 };
  await put("things", made);
  return made;
};

const language = (text) => (/[\u3400-\u9fff]/.test(text) ? "zh-CN" : "en");
const account = (homePage, name) => ({ objectType: "Agent", account: { homePage, name } });
const activity = (id, type, name) => ({
  objectType: "Activity",
  id,
  definition: { type, ...(name ? { name: { [language(name)]: name } } : {}) },
});
const verb = (name) => ({ id: VERBS + name, display: { en: name } });
const duration = (hours) => `PT${Math.round(hours * 60)}M`;

/* The statements of a lesson, in the shape that an imported sheet gives (docs/import.md). */
export const statementsOf = (lesson, settings) => {
  const course = activity(lesson.course, COURSE_TYPE, lesson.courseName);
  const session = activity(
    `${lesson.course}/session/${encodeURIComponent(lesson.title)}`,
    SESSION_TYPE,
    lesson.title,
  );
  const context = settings.trainer
    ? { instructor: account(settings.homePage, settings.trainer) }
    : {};
  return lesson.learners.flatMap((learner) => {
    const actor = {
      ...account(learner.homePage || settings.homePage, learner.number),
      ...(learner.name ? { name: learner.name } : {}),
    };
    const there = learner.attendance === "present" || learner.attendance === "late";
    const made = [];
    if (learner.attendance) {
      made.push({
        id: learner.ids.attended,
        actor,
        verb: verb("attended"),
        object: session,
        result: {
          extensions: { [ATTENDANCE]: learner.attendance },
          ...(there ? { completion: true } : {}),
          ...(there && lesson.hours ? { duration: duration(lesson.hours) } : {}),
        },
        context: { ...context, contextActivities: { parent: [course] } },
        timestamp: learner.at,
      });
    }
    if (typeof learner.score === "number") {
      const success = learner.score >= lesson.passMark;
      made.push({
        id: learner.ids.scored,
        actor,
        verb: verb(success ? "passed" : "failed"),
        object: course,
        result: {
          score: { raw: learner.score, min: 0, max: 100, scaled: learner.score / 100 },
          success,
        },
        context,
        timestamp: learner.scoredAt,
      });
    }
    return made;
  });
};

/* Signs a lesson as the next batch. Number, batch and the lesson's state are kept together, so
   that a browser that stops in between neither skips a number nor signs a lesson twice. */
export const close = async (lesson, settings) => {
  const { id, key } = await device();
  const statements = statementsOf(lesson, settings);
  for (;;) {
    const { next: number } = await get("things", "device");
    const signed = `${encoded({ alg: "ES256", kid: id, typ: TYPE })}.${encoded({ number, statements })}`;
    const signature = await crypto.subtle.sign(
      { name: "ECDSA", hash: "SHA-256" },
      key,
      new TextEncoder().encode(signed),
    );
    const token = `${signed}.${base64url(signature)}`;
    const kept = await transact(["things", "lessons", "batches"], "readwrite", async (of) => {
      const now = await answer(of("things").get("device"));
      const open = await answer(of("lessons").get(lesson.id));
      if (!open || open.batch) return open?.batch ?? 0;
      if (now.next !== number) return null; /* another tab was quicker: number anew */
      of("things").put({ ...now, next: number + 1 });
      of("batches").put({ number, token, lesson: lesson.id, state: "waiting" });
      of("lessons").put({ ...lesson, batch: number });
      return number;
    });
    if (kept !== null) return kept;
  }
};

/* Hands in what waits, oldest first; what was taken is not sent again. */
export const handIn = () =>
  navigator.locks.request("attendance-hand-in", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    for (const batch of await all("batches")) {
      if (batch.state === "taken") continue;
      let response;
      try {
        response = await fetch("/api/v1/device-batches", {
          method: "POST",
          headers: { "Content-Type": "application/jose" },
          body: batch.token,
          credentials: "omit",
        });
      } catch {
        return; /* no network: it waits */
      }
      const body = await response.json().catch(() => ({}));
      if (response.ok) {
        await put("batches", {
          ...batch,
          state: "taken",
          token: null,
          counts: body.counts,
          refused: body.refused?.length ?? 0,
        });
      } else {
        await put("batches", { ...batch, state: "waiting", status: response.status, said: body.detail });
        if (response.status === 403 || response.status >= 500) return;
      }
    }
  });
