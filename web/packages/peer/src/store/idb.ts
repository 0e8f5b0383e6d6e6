/** IndexedDB with promises: as much of it as is used here. */

/** Resolves with what a request finds; rejects with the browser's DOMException. */
export function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result), { once: true });
    request.addEventListener("error", () => reject(request.error), { once: true });
  });
}

/** Resolves once a transaction is kept; rejects if nothing of it is. */
export function kept(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error));
  });
}

/** Open a database, made or upgraded by `make`; another tab that brings a later version may close it. */
export async function openIdb(name: string, version: number, make: (fresh: IDBDatabase) => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version);
  request.addEventListener("upgradeneeded", () => make(request.result));
  const database = await asked(request);
  database.addEventListener("versionchange", () => database.close());
  return database;
}
