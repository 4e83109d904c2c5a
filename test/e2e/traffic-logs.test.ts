/** The traffic log in a real browser, over a real server and store: the spec's components and examples, read from the screen. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { Clock } from "../../packages/web/src/lib/clock.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast, nameless } from "./harness/contrast.ts";
import { quarterHour } from "./harness/quarter-hour.ts";
import { AT_GATEWAY, deliver, example3, examples1and2, row, startOffice } from "./harness/rows.ts";

const clock = new Clock("UTC");

describe.skipIf(!needs("the traffic log in a browser", "browser"))("Traffic Logs", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  /** Both clocks stand still, so that open flows stay open and relative windows hold what they held. */
  const nowMs = Date.now();
  const startMs = { refused: nowMs - 200_000, user: nowMs - 300_000 };

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => nowMs }), launch()]);
    await deliver(server, [
      ...examples1and2(startMs.refused),
      example3(startMs.user, 61_000),
      row(nowMs - 400_000, 900, {
        ...AT_GATEWAY,
        src_ip: "100.102.137.30",
        src_port: 40_001,
        dst_ip: "20.26.156.215",
        domain: "github.com",
        domain_source: "sni",
      }),
      row(nowMs - 410_000, 20, { ...AT_GATEWAY, src_ip: "100.102.137.22", dst_port: 53, protocol: 17 }),
      row(nowMs - 420_000, 4000, { protocol: 1, src_port: null, dst_port: null, icmp_type: 8, icmp_code: 0 }),
      row(nowMs - 430_000, 10, { dst_ip: "10.20.3.4", dst_port: 9100, verdict: "unanswered" }),
      row(nowMs - 440_000, 10, { dst_ip: "100.102.137.77", dst_port: 22 }),
      row(nowMs - 100_000, 99_000, { state: "open", dst_port: 22, src_port: 50_022 }),
    ]);
    test = await TestPage.open(browser, server.url, { atMs: nowMs });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  const open = async (address = "/traffic-logs?v=1&from=-15m&reports=all") => {
    await test.page.goto(`${server.url}${address}`);
  };
  afterEach(() => test.expectNoComplaints());

  describe("each component of the spec's table", () => {
    beforeAll(async () => {
      await open();
      await test.hasRows(9);
    });

    it("has the columns in order", async () => {
      expect(await test.page.locator("thead th").allInnerTexts()).toEqual([
        "Event",
        "Source",
        "Protocol & Port",
        "Destination",
        "Traffic",
        "Verdict",
        "Duration",
      ]);
    });

    it("example 1: inetgw reports it Inbound, ↓ 60 B ↑ 40 B", async () => {
      const time = clock.time(startMs.refused + 1);
      expect(await test.cells(test.row(/Node: inetgw.*debian/))).toEqual([
        `${time} End: ${time} Inbound Node: inetgw`,
        "debian Node 100.102.137.9:44006",
        "TCP 443 https",
        "inetgw Node 100.102.137.4:443",
        "↓ 60 B ↑ 40 B",
        "Refused",
        "2 ms",
      ]);
    });

    it("example 2: debian reports the same Outbound, ↓ 40 B ↑ 60 B", async () => {
      const time = clock.time(startMs.refused);
      expect(await test.cells(test.row(/Node: debian.*Refused/))).toEqual([
        `${time} End: ${time} Outbound Node: debian`,
        "debian Node 100.102.137.9:44006",
        "TCP 443 https",
        "inetgw Node 100.102.137.4:443",
        "↓ 40 B ↑ 60 B",
        "Refused",
        "3 ms",
      ]);
    });

    it("example 3: the user's e-mail, the external address, ↓ 2.36 KiB ↑ 4.03 KiB", async () => {
      expect(await test.cells(test.row("majdi@netmaker.io"))).toEqual([
        `${clock.time(startMs.user)} End: ${clock.time(startMs.user + 61_000)} Inbound Node: inetgw`,
        "majdi@netmaker.io User 100.102.137.21:38532 · laptop",
        "TCP 443 https",
        "34.160.111.145 External 34.160.111.145:443",
        "↓ 2.36 KiB ↑ 4.03 KiB",
        "Answered",
        "1 min 1 s",
      ]);
    });

    it("a domain stands before its address; a config file is a source", async () => {
      const cells = await test.cells(test.row("github.com"));
      expect(cells[1]).toBe("printer-2nd-floor Config file 100.102.137.30:40001");
      expect(cells[3]).toBe("github.com External 20.26.156.215:443");
    });

    it.each([
      ["dns", "UDP 53 dns"],
      ["echo request", "ICMP echo request"],
      ["9100", "TCP 9100 hp-pdl-datastr"],
    ])("protocol and port: %s", async (text, expected) => {
      const [, , protocol] = await test.cells(test.row(text));
      expect(protocol?.startsWith(expected.split(" ").slice(0, 2).join(" "))).toBe(true);
    });

    it("an egress route, and an address that is nobody's", async () => {
      expect((await test.cells(test.row("10.20.3.4")))[3]).toBe("office-lan Egress route 10.20.3.4:9100");
      expect((await test.cells(test.row("100.102.137.77")))[3]).toBe("100.102.137.77 Unknown 100.102.137.77:22");
    });

    it("an open flow says so instead of an end", async () => {
      const [event] = await test.cells(test.row("open"));
      expect(event).toBe(`${clock.time(nowMs - 100_000)} open Outbound Node: debian`);
    });

    it("exact bytes and the source's view on hover", async () => {
      const title = await test.row("majdi@netmaker.io").locator(".volume").first().getAttribute("title");
      expect(title).toBe("2,417 bytes received by inetgw\nmajdi@netmaker.io sent 2,417 bytes and received 4,127 bytes");
    });

    it("seconds and the date on hover", async () => {
      const title = await test.row("majdi@netmaker.io").locator("time").first().getAttribute("title");
      expect(title).toBe(`Started ${clock.exact(startMs.user)}`);
    });
  });

  it("one row per connection: who sent what, whoever reports", async () => {
    await open("/traffic-logs?v=1&from=-15m");
    await test.hasRows(8);
    expect((await test.cells(test.row("Refused")))[4]).toBe("→ 60 B ← 40 B");
    await test.page.getByText("All reports", { exact: true }).click();
    await test.hasRows(9);
    await test.page.reload();
    await test.hasRows(9);
    // Remembered: an address that does not say which view shows the one chosen last.
    await test.page.goto(`${server.url}/traffic-logs?v=1&from=-15m`);
    await test.hasRows(9);
  });

  it("shows the day when the range is longer than one", async () => {
    await open("/traffic-logs?v=1&from=-7d&reports=all");
    await test.hasRows(9);
    const [event] = await test.cells(test.row("majdi@netmaker.io"));
    expect(event?.startsWith(clock.dayAndTime(startMs.user))).toBe(true);
  });

  describe("the row panel", () => {
    const panel = () => test.page.getByRole("complementary", { name: "Flow" });

    it("explains the row in a sentence, shows both reports side by side, and has an address of its own", async () => {
      await open();
      await test.row(/Node: inetgw.*debian/).click();
      await panel().getByText("debian tried TCP 443 (https) on inetgw: refused. debian sent 60 B and received 40 B.").waitFor();
      expect(test.page.url()).toMatch(/flow=inetgw\/\d+/);
      await panel().getByRole("tab", { name: "Reports (2)" }).click();
      const line = async (label: string) =>
        panel()
          .locator("tr", { has: test.page.getByRole("rowheader", { name: label, exact: true }) })
          .locator("td")
          .allInnerTexts();
      expect(await panel().locator("thead th").allInnerTexts()).toEqual(["Node", "inetgw", "debian"]);
      expect(await line("↓ Received")).toEqual(["60 B", "40 B"]);
      expect(await line("↑ Sent")).toEqual(["40 B", "60 B"]);
      expect(await line("Source sent")).toEqual(["60 B", "60 B"]);
      expect(await line("Destination sent")).toEqual(["40 B", "40 B"]);
      expect(await line("Direction")).toEqual(["Inbound", "Outbound"]);
      await test.page.reload();
      await panel().getByText("refused. debian sent 60 B").waitFor();
    });

    it("shows what the destination saw behind NAT, and the row as JSON", async () => {
      await open();
      await test.row("majdi@netmaker.io").click();
      await panel()
        .getByText("majdi@netmaker.io on laptop connected to 34.160.111.145 on TCP 443 (https) through inetgw for 1 min 1 s.")
        .waitFor();
      await panel().getByText("198.51.100.4:38532").first().waitFor();
      await panel().getByRole("tab", { name: "JSON" }).click();
      await panel().getByRole("button", { name: "Copy JSON" }).click();
      const copied = JSON.parse(await test.page.evaluate(() => navigator.clipboard.readText())) as Record<string, unknown>;
      expect(copied).toMatchObject({
        src_name: "majdi@netmaker.io",
        src_bytes: 2417,
        dst_bytes: 4127,
        nat_src_ip: "198.51.100.4",
      });
    });

    it("is reached, walked and left with the keyboard alone", async () => {
      await open();
      await test.hasRows(9);
      for (const key of ["j", "j", "k", "Enter"]) await test.page.keyboard.press(key);
      await panel().waitFor();
      const first = test.page.url();
      await test.page.keyboard.press("j");
      await soon(() => test.page.url()).not.toBe(first);
      await test.page.keyboard.press("Escape");
      await panel().waitFor({ state: "detached" });
      expect(await test.page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
      expect(test.page.url()).not.toContain("flow=");
      await test.page.keyboard.press("ArrowDown");
      await test.page.keyboard.press("Enter");
      await panel().waitFor();
      await test.page.goBack();
      await panel().waitFor({ state: "detached" });
    });

    it("says it when there is no such row", async () => {
      await open("/traffic-logs?v=1&from=-15m&reports=all&flow=nobody/1");
      await panel().getByText("no report of nobody has the flow id 1").waitFor();
      test.expectNoComplaints(/404/);
    });
  });

  it("scrolls on through more rows than a page holds", async () => {
    const before = nowMs - 3_600_000;
    const ended = quarterHour(before, 420).filter(({ state }) => state === "closed");
    await deliver(server, ended);
    const to = new Date(before).toISOString();
    await open(`/traffic-logs?v=1&from=${new Date(before - 3_000_000).toISOString()}&to=${to}&reports=all`);
    await test.page.getByText(/^200 rows, older ones follow/).waitFor();
    await test.page.getByRole("grid").hover();
    await soon(async () => {
      await test.page.mouse.wheel(0, 4000);
      return test.page.locator(".status-line").innerText();
    }).toContain(`${ended.length} rows, all of this time range`);
    await test.page.getByText("No older rows in this time range").waitFor();
    // A virtual table: what is not on the screen is not in the document.
    expect(await test.rows.count()).toBeLessThan(60);
  });

  it.each(["light", "dark"] as const)("names every control, and every text has contrast enough (%s)", async (colorScheme) => {
    test = await TestPage.open(browser, `${server.url}/traffic-logs?v=1&from=-15m&reports=all&q=direction%3Dingress`, {
      colorScheme,
    });
    await test.hasRows(4);
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    expect(await test.page.evaluate(nameless)).toEqual([]);
    await test.page.getByRole("button", { name: /^Filter/ }).click();
    await test.page.getByRole("button", { name: "Reset to defaults" }).waitFor();
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    expect(await test.page.evaluate(nameless)).toEqual([]);
    await test.page.keyboard.press("Escape");
    await test.row("Refused").click();
    await test.page.getByRole("tab", { name: "Reports (2)" }).click();
    await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
    expect(await test.page.evaluate(nameless)).toEqual([]);
  });

  it("keeps the colours that were chosen, goes between screens by key, and shows its keys", async () => {
    await test.page.emulateMedia({ colorScheme: "light" });
    await open();
    await test.hasRows(9);
    const scheme = () => test.page.locator("html").getAttribute("data-mantine-color-scheme");
    expect(await scheme()).toBe("light");
    await test.page.getByRole("button", { name: "Colours: light or dark" }).click();
    await test.page.getByRole("menuitemradio", { name: "Dark" }).click();
    expect(await scheme()).toBe("dark");
    await test.page.reload();
    await test.hasRows(9);
    expect(await scheme()).toBe("dark");
    await test.page.getByRole("button", { name: "Colours: light or dark" }).click();
    await test.page.getByRole("menuitemradio", { name: "As the system" }).click();
    expect(await scheme()).toBe("light");

    for (const key of ["g", "h"]) await test.page.keyboard.press(key);
    await test.page.getByRole("heading", { name: "Health" }).waitFor();
    await test.page.goBack();
    await test.hasRows(9);
    await test.page.keyboard.press("?");
    await test.page.getByRole("dialog", { name: "Keyboard" }).getByText("pause or resume live rows").waitFor();
    await test.page.keyboard.press("Escape");
    await test.page.getByRole("dialog").waitFor({ state: "detached" });
    await test.page.keyboard.press("/");
    expect(await test.page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("combobox");
  });

  it("shows where the focus is, all the way through the toolbar", async () => {
    await open();
    await test.hasRows(9);
    const isGrid = () => test.page.evaluate(() => document.activeElement?.matches("[role=grid]") ?? false);
    while (!(await isGrid())) {
      await test.page.keyboard.press("Tab");
      const visible = await test.page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return "nothing has the focus";
        // A radio button's label, a field's frame and the grid's active row show it for them.
        const shown =
          element.matches("[type=radio], [role=combobox], select, [role=grid]") ||
          getComputedStyle(element).outlineStyle !== "none";
        return shown ? "" : element.outerHTML.slice(0, 100);
      });
      expect(visible).toBe("");
    }
  });
});
