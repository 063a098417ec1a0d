/**
 * Owns the copy of the page that is used without a network. Each build has a cache of its own, filled at once and never
 * changed, so that the page and the module always fit each other. The build fills the two names in.
 */

const FILES = __FILES__;
const CACHE = __CACHE__;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      // The browser's own cache may still have the page of an earlier build.
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  event.respondWith(answer(event.request));
});

/** The page itself is fetched while there is a network, so that a new version is seen at once. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  // Scripts are asked for with headers that the cached answers were got without; they are the same for all.
  if (request.mode !== "navigate") return (await cache.match(request, { ignoreVary: true })) ?? fetch(request);
  try {
    return await fetch(request);
  } catch {
    return (await cache.match("./")) ?? Response.error();
  }
}
