// Writes the order of letters that chalicelib/catalogue/collation.py sorts titles by:
//
//     node infra/collation.mjs > chalicelib/catalogue/collation.txt
//
// It asks ICU's root collation (CLDR), which node brings along, about every letter of the basic plane but Han and
// Hangul, which sort by their code points. A line is what counts as one letter, in the order of the alphabets; "0"
// stands for every number; "æ=ae" is a letter that is filed as two.
import process from "node:process";

const icu = new Intl.Collator("en", { sensitivity: "base", ignorePunctuation: true }); // "en" changes nothing of root
const BLOCK = "\u034f"; // ignored by the collation, but keeps a letter and its mark from being taken together
const LAST = "\uffff";

const isListed = (c) =>
  (/^[\p{L}\p{M}\p{Sc}]$/u.test(c) || "+<=>|~^`".includes(c)) &&
  !/\p{Unified_Ideograph}/u.test(c) &&
  !(c >= "가" && c <= "힣") &&
  c.normalize("NFKC") === c &&
  c.toLowerCase() === c &&
  icu.compare(c, "") !== 0 &&
  (c.normalize("NFD") === c || icu.compare(c, [...c.normalize("NFD")].join(BLOCK)) !== 0);

const letters = ["0"];
for (let code = 0x20; code < 0xfffe; code++) {
  const c = String.fromCharCode(code);
  if ((code < 0xd800 || code > 0xf8ff) && isListed(c)) letters.push(c);
}
// Of those that count as one letter the plainest comes first: the collation's own order, not ours.
const fully = new Intl.Collator("en");
letters.sort((a, b) => icu.compare(a, b) || fully.compare(a, b) || (a < b ? -1 : 1));

const lines = [];
const several = [];
for (const c of letters) {
  const before = lines.at(-1);
  if (before && icu.compare(before[0], c) === 0) before.push(c);
  else if (before && icu.compare(before[0] + LAST, c) > 0) several.push([before[0], c]);
  else lines.push([c]);
}
const spelled = [];
for (const [first, c] of several) {
  const rest = lines.find(([letter]) => icu.compare(first + letter, c) === 0);
  if (rest) spelled.push(`${c}=${first}${rest[0]}`);
}
process.stdout.write(
  `# ICU ${process.versions.icu}, Unicode ${process.versions.unicode}; © Unicode, Inc., under the Unicode License v3.\n` +
    [...lines.map((line) => line.join("")), ...spelled].join("\n") +
    "\n",
);
