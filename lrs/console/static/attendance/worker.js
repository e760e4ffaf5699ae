/* Keeps the page for rooms without a network: what was fetched last is shown where nothing can be
   fetched now. Data never goes through here. */

const CACHE = "attendance-1";
const STATIC = "/static/";
const SHELL = [
  "/attendance/",
  "/attendance/manifest.webmanifest",
  `${STATIC}console.css`,
  `${STATIC}icon.svg`,
  `${STATIC}icon-192.png`,
  `${STATIC}attendance/app.js`,
  `${STATIC}attendance/batches.js`,
  `${STATIC}attendance/scanner.js`,
  `${STATIC}attendance/store.js`,
];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

const fetched = async (request, key) => {
  const response = await fetch(request);
  if (response.ok && !response.redirected) {
    (await caches.open(CACHE)).put(key, response.clone());
  }
  return response;
};

addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !SHELL.includes(pathname)) return;
  event.respondWith(
    fetched(request, pathname).catch(async () => (await caches.match(pathname)) ?? Response.error()),
  );
});
