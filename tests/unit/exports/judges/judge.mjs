// Reads vCards from standard input with ical.js; writes what it read, one property a line, values in base64.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(process.argv[2]).href);
let cards = ICAL.parse(readFileSync(0, "utf8"));
if (cards[0] === "vcard") cards = [cards];
const encode = (value) => Buffer.from(String(value), "utf8").toString("base64");
const lines = [];
for (const [, properties] of cards) {
  lines.push("CARD");
  for (const [name, , , ...values] of properties) {
    let flat = values.flat();
    if (name === "n") flat = flat.slice(0, 2);
    if (name === "adr") flat = [flat[2], flat[6]];
    lines.push([name.toUpperCase(), ...flat.map(encode)].join("\t"));
  }
}
process.stdout.write(lines.join("\n") + "\n");
