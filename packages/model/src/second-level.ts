/** Registries of a country that register names one level lower: the suffixes under which people and companies have theirs. */
const TWO_LEVEL: Readonly<Record<string, string>> = {
  ae: "ac co gov net org sch",
  ar: "com edu gob int mil net org",
  at: "ac co gv or",
  au: "asn com edu gov id net org",
  bd: "ac com edu gov net org",
  br: "com edu eng gov ind inf jus leg mil net org tv",
  cn: "ac com edu gov mil net org",
  co: "com edu gov mil net nom org",
  cy: "ac com gov net org",
  eg: "com edu gov net org",
  es: "com edu gob nom org",
  fr: "asso com gouv",
  gr: "com edu gov net org",
  hk: "com edu gov idv net org",
  hu: "co org",
  id: "ac co desa go mil my net or sch web",
  il: "ac co gov idf k12 muni net org",
  in: "ac co edu firm gen gov ind mil net nic org res",
  ir: "ac co gov id net org sch",
  it: "edu gov",
  jp: "ac ad co ed go gr lg ne or",
  ke: "ac co go ne or sc",
  kr: "ac co go ms ne or pe re",
  lk: "ac com edu gov net org",
  ma: "ac co gov net org",
  mx: "com edu gob net org",
  my: "com edu gov mil name net org",
  ng: "com edu gov mil net org sch",
  nz: "ac co cri geek gen govt health iwi maori mil net org school",
  pe: "com edu gob mil net nom org",
  ph: "com edu gov mil net ngo org",
  pk: "com edu gov net org",
  pl: "com edu gov info net org",
  pt: "com edu gov org",
  ro: "com org",
  ru: "com msk net org spb",
  sa: "com edu gov med net org sch",
  sg: "com edu gov net org per",
  th: "ac co go in mi net or",
  tr: "av bel biz com dr edu gen gov info k12 mil name net org pol tel web",
  tw: "com edu gov idv mil net org",
  ua: "com edu gov in kiev net org",
  uk: "ac co gov ltd me net nhs org plc police sch",
  us: "dni fed isa kids nsn",
  uy: "com edu gub mil net org",
  ve: "co com edu gob info net org web",
  vn: "ac com edu gov info net org",
  za: "ac co edu gov law net nom org school web",
};
const SUFFIXES: ReadonlySet<string> = new Set(
  Object.entries(TWO_LEVEL).flatMap(([country, labels]) => labels.split(" ").map((label) => `${label}.${country}`)),
);

/**
 * What the setting `names: second-level` shows of a host name: its last two labels, or the last three when the last two are a registry's own
 * suffix in the list above (`www.shop.example.co.uk` → `example.co.uk`). A name of fewer labels stays as it is.
 *
 * This is not the Public Suffix List. Where the list above lacks a suffix, less of the name is shown (`co.xx` for all of its customers), and a
 * provider's customers are shown as the provider (`ana.github.io` → `github.io`): it errs towards telling less. `name`: as `hostName` gives it.
 */
export function secondLevel(name: string): string {
  const last = name.lastIndexOf(".");
  const second = name.lastIndexOf(".", last - 1);
  if (last <= 0 || second < 0) return name;
  const two = name.slice(second + 1);
  return SUFFIXES.has(two) ? name.slice(name.lastIndexOf(".", second - 1) + 1) : two;
}
