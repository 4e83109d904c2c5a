/**
 * `npm run bench:page -- [--rows 1M] [--days 1] [--data DIR] [--runs 7] [--scroll 20] [--tail 60] [--rate 2000] [--json FILE] [--md FILE]`:
 * how quick the page is over seeded rows, in Chromium over a real server. The page is built anew; with --data the rows are kept.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { seedOffline } from "../../packages/server/src/seed/offline.ts";
import { startTestServer } from "../../packages/server/src/testing.ts";
import { bundleOf } from "./page/bundle.ts";
import { coldPaints, filterPaints, newPage, VIEWPORT, warmPaints } from "./page/paint.ts";
import { markdown, type Report } from "./page/report.ts";
import { scrollDown } from "./page/scroll.ts";
import { tail } from "./page/tail.ts";
import { machine } from "./query/report.ts";

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
  },
});
const say = (text: string) => void process.stderr.write(`${text}\n`);
const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6 };
const ROWS = Math.round(Number.parseFloat(values.rows) * (UNITS[values.rows.at(-1) ?? ""] ?? 1));
const FILTERS = ["protocol=tcp", "port=https", "type=user", "bytes>1MiB", "verdict=refused", "dst.type=external"];
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const temporary = await mkdtemp(join(tmpdir(), "flowtrail-bench-"));
try {
  const report = await run(values.data ?? join(temporary, "data"), join(temporary, "web"));
  const text = markdown(report);
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.md) await writeFile(values.md, text);
  process.stdout.write(text);
} finally {
  await rm(temporary, { recursive: true, force: true });
}

async function run(data: string, dist: string): Promise<Report> {
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
    const from = new Date(seeded.untilMs - days * 86_400_000).toISOString();
    const url = `${server.url}/traffic-logs?v=1&from=${from}&reports=merged`;
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
    await page.goto(`${server.url}/traffic-logs?v=1&from=-15m&reports=all`);
    const tailed = await tail(browser, page, cdp, server.url, Number(values.rate), Number(values.tail));
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
  } finally {
    await browser.close();
    await server.stop({ keep: values.data !== undefined });
  }
}
