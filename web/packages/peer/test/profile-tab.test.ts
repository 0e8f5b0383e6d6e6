/** A tab that becomes somebody else: with a browser's databases, and another tab that looks on. */

import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { hex, random } from "../src/bytes.ts";
import { eraseBrowser } from "../src/erase.ts";
import { Identity } from "../src/identity.ts";
import { openStore } from "../src/keystore.ts";
import { WherryPeer } from "../src/peer.ts";
import { writing } from "../src/profile/file.ts";
import type { Entry } from "../src/profile/entries.ts";
import { openDatabase } from "../src/store/browser.ts";

const CHEAP = { passes: 1, memoryKib: 8 };
const ADA = new Identity(new Uint8Array(32).fill(1));
const BELA = new Identity(new Uint8Array(32).fill(2)).id;
const USUAL = `wherry mail of ${ADA.id}`;

const start = async (): Promise<WherryPeer> => WherryPeer.start({ endpoints: [], shareTabs: false });
const mails = async (): Promise<string[]> =>
  (await indexedDB.databases()).flatMap(({ name = "" }) => (name.startsWith("wherry mail of ") ? [name] : [])).toSorted();

async function fileOf(friends: readonly { readonly label: string }[], last: readonly Entry[] = []): Promise<Blob> {
  async function* entries(): AsyncGenerator<Entry, void, void> {
    yield { is: "owner", seed: ADA.seed, name: "Ada", made: 1 };
    yield { is: "address", label: "", nospam: new Uint8Array(8).fill(5), since: 0 };
    for (const { label } of friends) {
      const none = { ours: null, theirs: null, said: null, nospam: null, reason: null };
      yield { is: "peer", key: BELA.key, claimed: "Bela", label, seen: null };
      yield { is: "friend", key: BELA.key, further: [], state: "friends", since: 7, hello: "", answer: "", compared: 0, ...none };
    }
    yield* last;
  }
  const pieces: Blob[] = [];
  for await (const piece of (await writing("sesame", { random, cost: CHEAP }))(entries())) pieces.push(new Blob([piece]));
  return new Blob(pieces);
}

test("a tab becomes whom the file is of, keeps who it was, and is found whole or not at all", async () => {
  const before = await start();
  const stranger = before.state.id;
  const told: string[] = [];
  before.subscribe(({ type }) => void told.push(type));
  await expect(before.importProfile(await fileOf([]), "other")).rejects.toMatchObject({ code: "EXPORT_LOCKED" });
  const nonsense: Entry = { is: "peer", key: new Uint8Array(32), claimed: "of no curve", label: "", seen: null };
  await expect(before.importProfile(await fileOf([], [nonsense]), "sesame")).rejects.toMatchObject({ code: "EXPORT_CORRUPT" });
  expect(before.state).toMatchObject({ id: stranger, phase: "running" });
  expect(await before.friends.list()).toEqual([]);
  expect(await mails()).toEqual([`wherry mail of ${stranger}`]);

  await before.importProfile(await fileOf([{ label: "B." }]), "sesame");
  expect(told).toContain("restored");
  await before.close();
  const ada = await start();
  expect(ada.state).toMatchObject({ id: String(ADA.id), name: "Ada" });
  expect(await ada.friends.list()).toMatchObject([{ peer: String(BELA), label: "B.", name: "Bela", state: "friends", since: 7000 }]);
  const address = (await ada.friends.addresses())[0]?.address;
  expect(ada.state.address).toBe(address);
  const [first, second] = await mails();
  expect([first, second].toSorted()).toContain(`wherry mail of ${stranger}`);

  // An older copy of the same person takes the place of what there is; what is left of a broken off one goes.
  const left = await openDatabase(`${USUAL} ${hex(random(8))}`, random);
  left.close();
  await ada.importProfile(await fileOf([{ label: "Bela of the copy" }]), "sesame");
  await ada.close();
  expect((await mails()).filter((name) => name.startsWith(USUAL))).toHaveLength(1);
  const again = await start();
  expect(await again.friends.list()).toMatchObject([{ label: "Bela of the copy" }]);

  // Whole files that this tab writes itself, with what there is in the moment.
  const shares: number[] = [];
  const file = await again.exportProfile("sesame", (share) => shares.push(share));
  expect(shares.at(-1)).toBe(1);
  await again.importProfile(file, "sesame");
  await again.close();
  const last = await start();
  expect(await last.friends.list()).toMatchObject([{ label: "Bela of the copy", name: "Bela" }]);
  await last.close();
  const store = await openStore();
  expect(Object.keys((await store.get("mails")) ?? {})).toEqual([String(ADA.id)]);
  store.close();
  await eraseBrowser(String(ADA.id));
  expect(await mails()).toEqual([]);
});
