/** Pictures for the documentation, of a small network at 9:52 in the morning. */
import { ARROW_CONTENT_TYPE, type BatchMetadata, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast, nameless } from "./harness/contrast.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { deliver, startOffice } from "./harness/rows.ts";

/** Today, so that no retention deletes the rows; the clocks of server and browser stand still. */
const AT_MS = new Date().setUTCHours(9, 52, 0, 0);

describe.skipIf(!needs("screenshots", "browser"))("screenshots", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => AT_MS }), launch()]);
    await deliver(server, quarterHour(AT_MS, 150));
    await report("debian", { drops: {}, addresses: ["100.102.137.9"] });
    await report("inetgw", { drops: { tunnel_transport: 2, not_in_network: 1820 }, addresses: ["100.102.137.4"] });
    await report("officegw", { drops: { self: 31 }, addresses: ["100.102.137.5"], sequences: [1, 2, 5] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(async () => {
    test.expectNoComplaints();
    await test.close();
  });

  /** An agent that has nothing new but what it says of itself. */
  async function report(
    node: string,
    about: { drops: Record<string, number>; addresses: string[]; sequences?: number[] },
  ): Promise<void> {
    const metadata: BatchMetadata = {
      agent_version: "0.1.0",
      covered_from: AT_MS - 900_000,
      covered_to: AT_MS - 400,
      addresses: { netmaker: about.addresses },
      drops: about.drops,
      gauges: {},
    };
    for (const sequence of about.sequences ?? [1]) {
      const answer = await server.ask("POST", "/ingest/v1/flows", {
        token: null,
        body: encodeBatch(new FlowBatch(), { columns: SENDER_COLUMNS, metadata }),
        headers: {
          "content-type": ARROW_CONTENT_TYPE,
          "flowtrail-node": node,
          "flowtrail-batch": `${AT_MS}-${sequence}`,
          "flowtrail-clock": String(AT_MS - 3),
          "flowtrail-spool": "0;0",
        },
      });
      expect(answer.status).toBe(200);
    }
  }

  const open = async (address: string, colorScheme: "light" | "dark" = "light") => {
    test = await TestPage.open(browser, `${server.url}${address}`, { colorScheme, atMs: AT_MS });
    await test.page.waitForLoadState("networkidle").catch(() => {});
  };
  const connected = () => test.page.locator(".live-on").waitFor();

  it.each(["light", "dark"] as const)("Traffic Logs, %s", async (scheme) => {
    await open("/traffic-logs?v=1&from=-15m&reports=all", scheme);
    await test.row("debian").waitFor();
    await connected();
    await test.screenshot(`traffic-logs-${scheme}`);
  });

  it.each([
    ["light", "flow-panel"],
    ["dark", "flow-panel-dark"],
  ] as const)("the row panel, %s", async (scheme, name) => {
    await open("/traffic-logs?v=1&from=-15m&reports=all", scheme);
    await test.row("Refused").click();
    await test.page.getByRole("tab", { name: "Reports (2)" }).click();
    await test.page.getByText("↓ and ↑ are mirrored").waitFor();
    await connected();
    await test.screenshot(name);
  });

  it.each(["light", "dark"] as const)("Map, %s", async (scheme) => {
    await open("/map?v=1&from=-15m", scheme);
    await test.page.locator('.map-node[data-node="node:debian"]').waitFor();
    await test.screenshot(`map-${scheme}`);
  });

  it.each(["light", "dark"] as const)("Health, %s", async (scheme) => {
    await open("/health?v=1", scheme);
    await test.page.getByRole("rowheader", { name: "officegw" }).waitFor();
    expect(await test.page.getByText("Batches 3–4 never came").count()).toBe(1);
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    expect(await test.page.evaluate(nameless)).toEqual([]);
    if (scheme === "light") await test.screenshot("health");
  });

  it.each([
    ["light", "nodes", "inetgw"],
    ["dark", "nodes", "inetgw"],
    ["light", "users", "majdi@netmaker.io"],
  ] as const)("a list of the inventory, %s: %s", async (scheme, list, name) => {
    await open(`/${list}?v=1&from=-15m`, scheme);
    await test.page.getByRole("rowheader", { name }).waitFor();
    await test.screenshot(`${list}-${scheme}`);
  });

  it.each(["light", "dark"] as const)("Settings, %s", async (scheme) => {
    await open("/settings?v=1&section=traffic", scheme);
    await test.page.getByRole("switch", { name: "officegw" }).click();
    await test.page.getByRole("button", { name: "Review" }).click();
    await test.page.getByText("officegw stops reporting").waitFor();
    await test.screenshot(`settings-${scheme}`);
  });

  describe("what watches and tells", () => {
    const put = async (path: string, body: object) => {
      const answer = await server.ask("PUT", path, { body });
      expect([path, answer.status]).toEqual([path, 200]);
    };
    beforeAll(async () => {
      await put("/api/recipients/on-call", {
        name: "On call",
        kind: "ntfy",
        settings: {},
        secrets: { topic: "office" },
        enabled: false,
      });
      await put("/api/recipients/network-team", {
        ...{ name: "Network team", kind: "slack", settings: {}, enabled: false },
        secrets: { url: "https://hooks.slack.com/services/T0/B0/x" },
      });
      await put("/api/sinks/archive", { name: "Archive", transport: { kind: "file" } });
      await put("/api/sinks/siem", {
        ...{ name: "SIEM", enabled: false, q: "dst.type=external" },
        transport: { kind: "elastic", url: "https://elastic.example.com:9200" },
      });
      await put("/api/alert-rules/many-outside", {
        name: "Many connections to the outside",
        explanation:
          "Somebody goes to more places outside than people do.\n\nFirst: open the flows and look where to; ask whose device it is.",
        ...{ severity: "high", q: "dst.type=external", window_s: 900, clear_s: 600, mitre: ["T1071"], recipients: ["on-call"] },
        watch: { kind: "measure", measure: { kind: "connections" }, by: ["src.name"], threshold: { kind: "above", value: 8 } },
      });
    });

    it.each(["light", "dark"] as const)("Alerts, %s", async (scheme) => {
      await expect
        .poll(async () => (await server.ask<{ open: number }>("GET", "/api/alerts/count")).body.open, { timeout: 60_000 })
        .toBeGreaterThan(0);
      await open("/alerts?v=1", scheme);
      await test.page.locator(".alert-summary").first().click();
      await test.page.getByRole("slider", { name: "Connections of the evidence, by verdict" }).waitFor();
      await test.screenshot(`alerts-${scheme}`);
    });

    it.each(["light", "dark"] as const)("the rule editor, %s", async (scheme) => {
      await open("/alerts?v=1&tab=rules&rule=many-outside", scheme);
      await test.page.getByLabel("Test on the last").selectOption("1");
      await test.page.getByRole("button", { name: "Test on history" }).click();
      await test.page.getByText(/It would (not )?have fired/).waitFor({ timeout: 60_000 });
      await test.screenshot(`rule-editor-${scheme}`);
    });

    it.each([
      ["light", "recipients", "On call"],
      ["dark", "recipients", "On call"],
      ["light", "sinks", "Archive"],
      ["dark", "sinks", "Archive"],
    ] as const)("Settings, %s: %s", async (scheme, section, name) => {
      await open(`/settings?v=1&section=${section}`, scheme);
      await test.page.getByText(name, { exact: true }).first().waitFor();
      await test.screenshot(`${section}-${scheme}`);
    });
  });
});
