// Discover, fetch, sync: what a JavaScript client does. Prints one line of JSON for each step it is told on stdin.
import { createInterface } from "node:readline";
const [base, address, user, token] = process.argv.slice(2);
const { DAVClient } = await import(base);
const client = new DAVClient({
  serverUrl: address,
  credentials: { username: user, password: token },
  authMethod: "Basic",
  defaultAccountType: "carddav",
});
await client.login();
let [book] = await client.fetchAddressBooks();
const uid = (card) => card.data.split("UID:urn:uuid:")[1].slice(0, 36);
let objects = await client.fetchVCards({ addressBook: book });
book = { ...book, objects };
console.log(JSON.stringify({ name: book.displayName, cards: Object.fromEntries(objects.map((o) => [uid(o), o.data])) }));
for await (const step of createInterface({ input: process.stdin })) {
  if (step === "sync") {
    book.objectMultiGet = client.addressBookMultiGet.bind(client);
    const done = await client.smartCollectionSync({ collection: book, account: client.account, method: "webdav", detailedResult: true });
    console.log(JSON.stringify({
      created: done.objects.created.length, updated: done.objects.updated.map(uid), deleted: done.objects.deleted.map((o) => o.url),
    }));
  } else if (step === "write") {
    const answer = await client.createVCard({ addressBook: book, filename: "x.vcf", vCardString: "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD" });
    console.log(JSON.stringify({ status: answer.status }));
  }
}
