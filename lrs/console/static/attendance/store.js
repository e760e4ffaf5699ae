/* What the phone keeps (IndexedDB): the device's key, the lessons, and the batches signed so far.
   The private key cannot be taken out: it is made non-extractable and stays in the browser. */

const NAME = "attendance";
const STORES = { things: "name", lessons: "id", batches: "number" };

let opened;

const database = () =>
  (opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(STORES)) {
        request.result.createObjectStore(store, { keyPath });
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }));

/* Runs `work` in one transaction over the stores: all of it is kept or nothing. */
export const transact = async (stores, mode, work) => {
  const transaction = (await database()).transaction(stores, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const value = await work((store) => transaction.objectStore(store));
  await done;
  return value;
};

export const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export const get = (store, key) => transact([store], "readonly", (of) => answer(of(store).get(key)));
export const all = (store) => transact([store], "readonly", (of) => answer(of(store).getAll()));
export const put = (store, thing) =>
  transact([store], "readwrite", (of) => answer(of(store).put(thing)));
export const remove = (store, key) =>
  transact([store], "readwrite", (of) => answer(of(store).delete(key)));

/* The browser is asked not to clear what waits to be handed in. */
export const persist = () => navigator.storage?.persist?.() ?? Promise.resolve(false);
