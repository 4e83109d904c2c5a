import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";
import {
  type Manifest,
  manifestHash,
  rowsOf,
  type SignedManifest,
  type Slice,
  signed,
  slicesHash,
  toldManifest,
} from "./manifest.ts";
import { reportCsv, reportHtml } from "./render.ts";
import { verifyDays } from "./verify.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const SLICES: Slice[] = [
  [0, 10, "aa"],
  [40, 5, "bb"],
];

function chainOf(...days: string[]): SignedManifest[] {
  const made: SignedManifest[] = [];
  for (const day of days) {
    const last = made.at(-1);
    const manifest: Manifest = {
      format: 1,
      seq: made.length + 1,
      day,
      kind: "day",
      made: "2026-11-22T00:00:00.000Z",
      until: "2026-11-22T00:00:00.000Z",
      previous: last === undefined ? "" : manifestHash(last.manifest),
      key: "k",
      reasons: [],
      rows: rowsOf(SLICES),
      hash: slicesHash(SLICES),
      slices: SLICES,
      networks: [],
    };
    made.push(toldManifest(signed(manifest, privateKey)));
  }
  return made;
}

const DAYS = ["2026-11-18", "2026-11-19", "2026-11-20"];
const same = (day: string) => ({ day, all: SLICES, before: SLICES, removals: [] });
const verify = (manifests: readonly SignedManifest[], now = DAYS.map(same), publicKey = pem) =>
  verifyDays({ manifests, publicKey, now, dueDay: "2026-11-21" });
const states = (manifests: readonly SignedManifest[], key = pem) =>
  verify(manifests, DAYS.map(same), key).days.map(({ state }) => state);

describe("manifests", () => {
  it("that nobody touched are whole, read from a file, too", () => {
    const all = chainOf(...DAYS);
    expect(verify(all)).toMatchObject({ isWhole: true, chain: [] });
    expect(verify(all.map((one) => JSON.parse(JSON.stringify(one)) as SignedManifest))).toMatchObject({ isWhole: true });
  });

  it("that are gone show, wherever they were", () => {
    const all = chainOf(...DAYS);
    expect(states(all.filter((_, i) => i !== 1))).toEqual(["ok", "missing", "ok"]);
    expect(verify(all.slice(1)).chain.join()).toContain("1 missing before manifest 2");
    expect(states(all.slice(0, 2))).toEqual(["ok", "ok", "missing"]);
    expect(verify(all.slice(0, 2)).isWhole).toBe(false);
  });

  it("that were changed, made anew, or signed by another key show", () => {
    const [first, second, third] = chainOf(...DAYS) as [SignedManifest, SignedManifest, SignedManifest];
    const changed = { ...second, manifest: { ...second.manifest, rows: 14 } };
    expect(states([first, changed, third])).toEqual(["ok", "altered", "altered"]);
    // Whoever has the key can sign anew, and cuts the chain by it.
    const anew = toldManifest(signed({ ...second.manifest, rows: 14 }, privateKey));
    expect(states([first, anew, third])).toEqual(["ok", "ok", "altered"]);
    const other = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(states([first, second, third], other)).toEqual(["altered", "altered", "altered"]);
    expect(states([first, toldManifest({ seq: 2, made: "2026-11-19", body: "no JSON", signature: "" }), third])[1]).toBe(
      "altered",
    );
  });
});

describe("a day", () => {
  const [a, b] = SLICES as [Slice, Slice];
  const removals = [{ rows: 3, text: "deletion on request 7" }];

  it("to which reports came late is amended", () => {
    expect(judge(SLICES, { all: [a, [40, 7, "cc"]], before: SLICES }, [])).toEqual({
      state: "amended",
      reasons: [expect.stringMatching(/^2 reports came after/)],
    });
    expect(judge(SLICES, { all: [a, [40, 5, "cc"]], before: [a, [40, 4, "dd"]] }, [])).toEqual({
      state: "amended",
      reasons: ["1 report replaced by later reports of the same flows"],
    });
  });

  it("with other content, fewer or more reports is altered, and it says when", () => {
    const altered = (slice: Slice) => judge(SLICES, { all: [a, slice], before: [a, slice] }, []);
    expect(altered([40, 5, "cc"])).toEqual({
      state: "altered",
      reasons: ["10:00 to 10:15: other content, and nothing explains it"],
    });
    expect(altered([40, 4, "cc"]).reasons[0]).toContain("1 report missing");
    expect(altered([40, 6, "cc"]).reasons[0]).toContain("1 report too many");
    expect(judge([a], { all: SLICES, before: SLICES }, []).state).toBe("altered");
  });

  it("of which something was deleted rightly is amended, and altered where more is gone than that", () => {
    const now = (rows: number) => ({ all: [a, [40, rows, "cc"] as Slice], before: [a, [40, rows, "cc"] as Slice] });
    expect(judge(SLICES, now(2), removals)).toMatchObject({
      state: "amended",
      reasons: ["3 reports deleted: deletion on request 7"],
    });
    expect(judge(SLICES, now(1), removals).state).toBe("altered");
    expect(judge([a, b], { all: [], before: [] }, [{ rows: 15, text: "retention" }]).state).toBe("amended");
  });
});

it("a report is text, whatever strangers chose as names", () => {
  const report = {
    title: "Who <b>",
    range: { fromMs: 0, toMs: 1000 },
    madeMs: 0,
    who: "ana",
    q: 'a="<"',
    totals: [["Connections", "3"]] as const,
    columns: ["src.name"],
    rows: [["<script>alert(1)</script>"], ["=cmd()"], ["a,b"]],
    more: "2 more",
  };
  const html = reportHtml(report);
  expect(html).not.toMatch(/<script|<b>/);
  expect(html).toContain("&lt;script&gt;");
  expect(html).toContain("2 more");
  expect(reportCsv(report)).toBe(`src.name\r\n<script>alert(1)</script>\r\n'=cmd()\r\n"a,b"\r\n2 more\r\n`);
});
