/** `npm run bench:page`: how quick the page is; `--help` tells its options. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { seedOffline } from "../../packages/server/src/seed/offline.ts";
import { startTestServer } from "../../packages/server/src/testing.ts";
import { bundleOf } from "./page/bundle.ts";
import { coldPaints, filterPaints, newPage, VIEWPORT, warmPaints } from "./page/paint.ts";
import { markdown, type Report, walkMarkdown } from "./page/report.ts";
import { scrollDown } from "./page/scroll.ts";
import { tail } from "./page/tail.ts";
import { type Step, walk } from "./page/walk.ts";
import { machine } from "./query/report.ts";

const HELP = `How quick the page is over seeded rows, in Chromium over a real server. The page is built anew; with --data the rows are kept.

Usage: npm run bench:page -- [options]
  --rows 1M      reports that are seeded       --days 1     days that they are spread over
  --data DIR     data directory, kept          --runs 7     page loads of each kind
  --scroll 20    seconds of scrolling          --tail 60    seconds of live tail
  --rate 2000    live rows a second            --walk       goes through the screens over 24 h, 7 d and 30 d, too
  --only-walk    nothing but that              --json FILE  --md FILE  write the report there

Measures, each beside its budget: first rows painted cold (< 1 s) and warm (< 300 ms), another filter until its rows are painted, frames
and memory while scrolling over all rows, long tasks and memory of the live tail (no task > 50 ms), bundle sizes (first load <= 300 KiB).
`;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1M" },
    days: { type: "string", default: "1" },
    data: { type: "string" },
    runs: { type: "string", default: "7" },
    scroll: { type: "string", default: "20" },
    tail: { type: "string", default: "60" },
    rate: { type: "string", default: "2000" },
    json: { type: "string" },
    md: { type: "string" },
    walk: { type: "boolean", default: false },
    "only-walk": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const say = (text: string) => void process.stderr.write(`${text}\n`);
const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6 };
const ROWS = Math.round(Number.parseFloat(values.rows) * (UNITS[values.rows.at(-1) ?? ""] ?? 1));
const FILTERS = ["protocol=tcp", "port=https", "type=user", "bytes>1MiB", "verdict=refused", "dst.type=external"];
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const temporary = await mkdtemp(join(tmpdir(), "flowtrail-bench-"));
try {
  const report = await run(values.data ?? join(temporary, "data"), join(temporary, "web"));
  const text = [report.measures && markdown(report.measures), report.walk && walkMarkdown(report.walk)]
    .filter(Boolean)
    .join("\n");
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.md) await writeFile(values.md, text);
  process.stdout.write(text);
} finally {
  await rm(temporary, { recursive: true, force: true });
}

async function run(data: string, dist: string): Promise<{ measures: Report | null; walk: readonly Step[] | null }> {
  say("building the page …");
  execFileSync(join(ROOT, "node_modules/.bin/vite"), ["build", "--outDir", dist, "--emptyOutDir", "--logLevel", "warn"], {
    cwd: join(ROOT, "packages/web"),
    stdio: "inherit",
  });
  say(`seeding ${ROWS.toLocaleString("en")} rows …`);
  const days = Number(values.days);
  const seeded = await seedOffline(
    data,
    { rows: ROWS, days, seed: 1, untilMs: null },
    { onProgress: () => {}, signal: new AbortController().signal },
  );
  const server = await startTestServer({ data, flags: { insecure_no_auth: true, "web.dir": dist } });
  const args = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--enable-precise-memory-info"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  try {
    const measures = values["only-walk"] ? null : await measure(browser, server.url, seeded.untilMs, dist);
    if (!values.walk && !values["only-walk"]) return { measures, walk: null };
    say("walking through the screens …");
    const page = await newPage(await browser.newContext({ viewport: VIEWPORT }));
    return { measures, walk: await walk(page, server.url, seeded.untilMs) };
  } finally {
    await browser.close();
    await server.stop({ keep: values.data !== undefined });
  }
}

async function measure(browser: Browser, origin: string, untilMs: number, dist: string): Promise<Report> {
  const from = new Date(untilMs - Number(values.days) * 86_400_000).toISOString();
  const url = `${origin}/traffic-logs?v=1&from=${from}&reports=merged`;
  const runs = Number(values.runs);
  say("first rows …");
  const cold = await coldPaints(browser, url, runs);
  const warm = await warmPaints(browser, url, runs);
  const page = await newPage(await browser.newContext({ viewport: VIEWPORT }));
  const cdp = await page.context().newCDPSession(page);
  await page.goto(url);
  await page.locator("tbody tr").first().waitFor();
  say("filters …");
  const filter = await filterPaints(page, FILTERS);
  say(`scrolling for ${values.scroll} s …`);
  await page.goto(`${url.replace("&reports=merged", "&reports=all")}`);
  await page.locator("tbody tr").first().waitFor();
  const scroll = await scrollDown(page, cdp, Number(values.scroll), ROWS);
  say(`live tail for ${values.tail} s …`);
  await page.goto(`${origin}/traffic-logs?v=1&from=-15m&reports=all`);
  const tailed = await tail(browser, page, cdp, origin, Number(values.rate), Number(values.tail));
  return {
    when: new Date().toISOString(),
    machine: machine(),
    rows: ROWS,
    cold,
    warm,
    filter,
    scroll,
    tail: tailed,
    bundle: await bundleOf(dist),
  };
}
