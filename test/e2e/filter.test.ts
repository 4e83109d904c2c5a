/** What a person asks in a real browser: query bar, pills, the Filter dialog, facets and values are one question. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../packages/server/src/testing.ts";
import { needs } from "../needs.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast, nameless } from "./harness/contrast.ts";
import { AT_GATEWAY, deliver, example3, examples1and2, row, startOffice } from "./harness/rows.ts";

describe.skipIf(!needs("filters in a browser", "browser"))("filters", () => {
  let server: TestServer;
  let browser: Browser;
  let test: TestPage;
  /** Both clocks stand still: relative windows hold what they held. */
  const nowMs = Date.now();

  beforeAll(async () => {
    [server, browser] = await Promise.all([startOffice({ now: () => nowMs }), launch()]);
    const github = { dst_ip: "20.26.156.215", domain: "github.com", domain_source: "sni" };
    await deliver(server, [
      ...examples1and2(nowMs - 200_000),
      example3(nowMs - 300_000, 61_000),
      row(nowMs - 400_000, 900, { ...AT_GATEWAY, ...github, src_ip: "100.102.137.30", src_port: 40_001, src_bytes: 200_000 }),
      row(nowMs - 410_000, 20, { ...AT_GATEWAY, src_ip: "100.102.137.22", dst_port: 53, protocol: 17 }),
      row(nowMs - 420_000, 4000, { protocol: 1, src_port: null, dst_port: null, icmp_type: 8, icmp_code: 0 }),
      row(nowMs - 430_000, 10, { dst_ip: "10.20.3.4", dst_port: 9100, verdict: "unanswered" }),
      row(nowMs - 440_000, 10, { dst_ip: "100.102.137.77", dst_port: 22 }),
      row(nowMs - 100_000, 99_000, { state: "open", dst_port: 22, src_port: 50_022 }),
    ]);
    test = await TestPage.open(browser, server.url, { atMs: nowMs });
    await test.without("histogram", "facets.shown");
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  afterEach(() => test.expectNoComplaints());

  const open = async (q = "", rest = "") => {
    const params = q === "" ? "" : `&q=${encodeURIComponent(q)}`;
    await test.go(`/traffic-logs?v=1&from=-15m&reports=all${params}${rest}`);
    await test.asks(q);
  };
  const bar = () => test.page.getByRole("combobox", { name: "Query" });
  const choices = () => test.page.getByRole("listbox", { name: "Query: suggestions" }).getByRole("option");
  const pills = () => test.page.getByRole("list", { name: "Filters in force" }).locator(".pill-text").allInnerTexts();
  const asked = () => new URL(test.page.url()).searchParams.get("q") ?? "";
  const press = async (...keys: string[]) => {
    for (const key of keys) await test.page.keyboard.press(key);
  };

  describe("the Filter button: each criterion of the spec", () => {
    const filter = () => test.page.getByRole("button", { name: /^Filter/ });
    const dialog = () => test.page.getByRole("dialog", { name: /^Filter/ });
    const choose = (group: string, value: string) =>
      dialog().getByRole("group", { name: group, exact: true }).getByText(value, { exact: true }).click();
    const type = async (label: string, ...values: string[]) => {
      for (const value of values) {
        await dialog().getByRole("combobox", { name: label, exact: true }).fill(value);
        await press("Enter");
      }
    };
    const apply = () => dialog().getByRole("button", { name: "Apply", exact: true }).click();

    it.each<[group: string, value: string, rows: number, q: string]>([
      ["Protocol", "UDP", 1, "protocol=udp"],
      ["Protocol", "ICMP", 1, "protocol in (icmp, icmpv6)"],
      ["Direction", "Inbound", 4, "direction=ingress"],
      ["Direction", "Outbound", 5, "direction=egress"],
      ["Source type", "User", 2, "src.type=user"],
      ["Source type", "Config file", 1, "src.type=extclient"],
      ["Destination type", "External", 2, "dst.type=external"],
      ["Destination type", "Egress route", 1, "dst.type=egress_route"],
      ["Verdict", "Refused", 2, "verdict=refused"],
      ["State", "Open", 1, "state=open"],
    ])("%s: %s leaves %i rows", async (group, value, rows, q) => {
      await open();
      await test.hasRows(9);
      await filter().click();
      await choose(group, value);
      await apply();
      await test.hasRows(rows);
      expect(asked()).toBe(q);
      expect(await bar().inputValue()).toBe(q);
    });

    it.each<[label: string, values: string[], rows: number, q: string]>([
      ["Source", ["debian"], 6, "src.name=debian"],
      ["Source", ["*@*", "printer*"], 3, "src.name~@ or src.name~printer*"],
      ["Source", ["100.102.137.16/28"], 3, "src.ip=100.102.137.16/28"],
      ["Destination", ["github.com"], 1, "dst.name=github.com or dst.domain=github.com"],
      ["Destination", ["10.20.3.4", "34.160.111.145"], 2, "dst.ip in (10.20.3.4, 34.160.111.145)"],
      ["Node", ["inetgw"], 4, "reporter=inetgw"],
      ["Port", ["ssh"], 2, "dst.port=22"],
    ])("%s: %j leaves %i rows", async (label, values, rows, q) => {
      await open();
      await filter().click();
      await type(label, ...values);
      await apply();
      await test.hasRows(rows);
      expect(asked()).toBe(q);
    });

    it("offers the names that there are, and refuses what is no port", async () => {
      await open();
      await filter().click();
      await dialog().getByRole("combobox", { name: "Source", exact: true }).fill("maj");
      await dialog().getByRole("option", { name: "majdi@netmaker.io" }).click();
      await type("Port", "nonsense");
      await dialog().getByText("nonsense is no port").waitFor();
      await apply();
      await test.hasRows(1);
      expect(asked()).toBe("src.name=majdi@netmaker.io");
    });

    it("keeps what only the query bar can say, tells so, and Reset to defaults clears all of it", async () => {
      await open("bytes>1k and port=443 and protocol=tcp", "&from=-1h");
      await test.hasRows(2);
      await filter().click();
      await dialog().getByText("+2 more conditions in the query bar").waitFor();
      await choose("Source type", "User");
      await dialog().getByLabel("Time range", { exact: true }).selectOption("-6h");
      await apply();
      await test.hasRows(1);
      expect(asked()).toBe("bytes>1KiB and port=443 and protocol=tcp and src.type=user");
      expect(test.page.url()).toContain("from=-6h");
      await filter().click();
      await dialog().getByRole("button", { name: "Reset to defaults" }).click();
      await test.hasRows(9);
      expect(asked()).toBe("");
      expect(test.page.url()).toContain("from=-15m");
    });
  });

  describe("the query bar", () => {
    it("is completed by keyboard alone: field, operator, value with its count", async () => {
      await open();
      await test.hasRows(9);
      await press("/");
      await test.page.keyboard.type("src.na");
      await soon(() => choices().first().innerText()).toContain("src.name");
      await press("Tab");
      await soon(() => choices().allInnerTexts()).toContain("=\nis");
      await press("ArrowDown", "Enter");
      expect(await bar().inputValue()).toBe("src.name=");
      await test.page.keyboard.type("maj");
      await soon(() => choices().allInnerTexts()).toEqual([expect.stringMatching(/^majdi@netmaker\.io\s+1$/)]);
      await press("ArrowDown", "Enter", "Enter");
      await test.hasRows(1);
      expect(asked()).toBe("src.name=majdi@netmaker.io");
    });

    it("shows a mistake under its characters, in words; the last valid question stays until another is", async () => {
      await open("src.type=user");
      await test.hasRows(2);
      await bar().fill("src.type=user and scr.name=x and port=443");
      await test.page.getByText('unknown field "scr.name" at character 19: expected src.name').waitFor();
      expect(await test.page.locator(".mistake-mark mark").innerText()).toBe("scr.name");
      // The mark lies under the word in the field.
      const under = await test.page.evaluate(() => {
        const mark = document.querySelector(".mistake-mark mark")?.getBoundingClientRect();
        const field = document.querySelector<HTMLInputElement>(".query-field input");
        if (mark === undefined || field === null) return null;
        const context = document.createElement("canvas").getContext("2d");
        if (context === null) return null;
        context.font = getComputedStyle(field).font;
        const left = field.getBoundingClientRect().left + Number.parseFloat(getComputedStyle(field).paddingLeft);
        return mark.left - left - context.measureText("src.type=user and ").width;
      });
      expect(Math.abs(under ?? 99)).toBeLessThan(1);
      await press("Enter");
      await test.hasRows(2);
      expect(asked()).toBe("src.type=user");
      await bar().fill("src.type=user and port=");
      await press("Enter");
      await test.page.getByText("something is missing at character 24: expected a value").waitFor();
      await bar().fill("src.type=user and port=443");
      await press("Enter");
      await test.hasRows(1);
      expect(await test.page.locator(".query-mistake").count()).toBe(0);
    });

    it("closes its list with Esc, then takes back what was written", async () => {
      await open("src.type=user");
      await test.hasRows(2);
      await bar().fill("port");
      await choices().first().waitFor();
      await press("Escape");
      await choices().first().waitFor({ state: "detached" });
      await press("Escape");
      expect(await bar().inputValue()).toBe("src.type=user");
    });

    it("remembers what was asked, saves queries by name, and has volume classes and other quick filters", async () => {
      await open();
      await bar().fill("github");
      await press("Enter");
      await test.hasRows(1);
      const menu = () => test.page.getByRole("dialog", { name: "Quick filters and saved queries" });
      await test.page.getByRole("button", { name: "Quick filters and saved queries" }).click();
      await menu().getByLabel("Name of this query").fill("code");
      await menu().getByRole("button", { name: "Save", exact: true }).click();
      await menu().getByRole("button", { name: "code github" }).waitFor();
      await press("Escape");
      await test.page.getByRole("button", { name: "Clear the query" }).click();
      await test.hasRows(9);
      await bar().click();
      const texts = await choices().allInnerTexts();
      for (const text of ["github", "code\ngithub", "Small"]) expect(texts.some((one) => one.startsWith(text))).toBe(true);
      await test.page.getByRole("option", { name: "code github" }).click();
      await test.hasRows(1);
      await open();
      await test.page.getByRole("button", { name: "Quick filters and saved queries" }).click();
      for (const [label, rows, q] of [
        ["Small", 7, "bytes<1KiB"],
        ["Medium", 1, "bytes>=1KiB and bytes<=100KiB"],
        ["Large", 1, "bytes>100KiB"],
      ] as const) {
        await menu().getByRole("button", { name: label }).click();
        await test.hasRows(rows);
        expect(asked()).toBe(q);
      }
      await menu().getByRole("button", { name: "Large" }).click();
      for (const [label, rows] of [
        ["Denied or unanswered", 3],
        ["External destinations", 0],
      ] as const) {
        await menu().getByRole("button", { name: label }).click();
        if (rows > 0) await test.hasRows(rows);
      }
      await test.page.getByRole("heading", { name: "The filters leave nothing over" }).waitFor();
    });

    it("explains itself by examples that can be asked", async () => {
      await open();
      await test.page.getByRole("button", { name: "How to write a query" }).click();
      const help = test.page.getByRole("dialog", { name: "How to write a query" });
      await soon(() => help.locator("li").count()).toBe(8);
      await help.getByRole("button", { name: /src\.type=user/ }).click();
      await test.hasRows(1);
      expect(await bar().inputValue()).toBe("src.type=user and dst.type=external");
    });
  });

  describe("pills", () => {
    it("are the parts of the text: removed, changed, turned round, cleared", async () => {
      await open("protocol in (tcp, udp) and src.type=user and (port=53 or port=443)");
      await test.hasRows(2);
      expect(await pills()).toEqual(["Protocol: TCP or UDP", "Source type: User", "port=53 or port=443"]);
      await test.page.getByRole("button", { name: "Remove port=53 or port=443" }).click();
      expect(await bar().inputValue()).toBe("protocol in (tcp, udp) and src.type=user");
      await test.page.getByRole("button", { name: "Protocol: TCP or UDP", exact: true }).click();
      const editor = test.page.getByRole("combobox", { name: "Condition" });
      await editor.fill("protocol=udp");
      await press("Enter");
      await test.hasRows(1);
      expect(asked()).toBe("protocol=udp and src.type=user");
      await test.page.getByRole("button", { name: "Source type: User", exact: true }).click();
      await test.page.getByRole("button", { name: "Turn into its opposite" }).click();
      await soon(pills).toEqual(["Protocol: UDP", "Source type: not User"]);
      expect(asked()).toBe("protocol=udp and src.type!=user");
      // Text → pills.
      await bar().fill("port:https !domain:git");
      await press("Enter");
      await soon(pills).toEqual(["Port: 443 (https)", "Domain without “git”"]);
      await test.page.getByRole("button", { name: "Clear all" }).click();
      await test.hasRows(9);
      expect(asked()).toBe("");
    });

    it("a link shows the same question to somebody else, and the back button the one before", async () => {
      await open("src.type=user");
      await test.hasRows(2);
      await bar().fill("dst.type=external or protocol=udp");
      await press("Enter");
      await test.hasRows(3);
      const link = test.page.url();
      const other = await TestPage.open(browser, link, { atMs: nowMs });
      await other.hasRows(3);
      expect(await other.page.getByRole("combobox", { name: "Query" }).inputValue()).toBe("dst.type=external or protocol=udp");
      await other.close();
      await test.page.goBack();
      await test.hasRows(2);
      expect(await bar().inputValue()).toBe("src.type=user");
    });
  });

  describe("facets", () => {
    const facet = (label: string) =>
      test.page.locator(".facet", { has: test.page.getByRole("heading", { name: new RegExp(`^${label} ?\\d*$`) }) });
    const values = async (label: string) => {
      const lines = await facet(label).locator(".facet-value").allInnerTexts();
      return lines.map((line) => line.replaceAll(/\s+/g, " ").trim());
    };
    beforeAll(async () => {
      await open();
      await test.page.getByRole("button", { name: "Show values to narrow by" }).click();
    });
    const value = (label: string, name: string) => facet(label).getByRole("button", { name: new RegExp(`^${name}`) });

    it("count the values of the rows; a click includes, another takes it back; the own field's other values stay", async () => {
      await open();
      await soon(() => values("Protocol")).toEqual(["TCP 7", "ICMP 1", "UDP 1"]);
      await soon(() => values("Source type")).toEqual(["Node 6", "User 2", "Config file 1"]);
      await value("Protocol", "UDP").click();
      await test.hasRows(1);
      expect(asked()).toBe("protocol=udp");
      await soon(() => values("Protocol")).toEqual(["TCP 7", "ICMP 1", "UDP 1"]);
      await soon(() => values("Source type")).toEqual(["User 1"]);
      await value("Protocol", "TCP").click();
      await test.hasRows(8);
      expect(asked()).toBe("protocol in (udp, tcp)");
      await value("Protocol", "UDP").click();
      await value("Protocol", "TCP").click();
      await test.hasRows(9);
      expect(asked()).toBe("");
    });

    it("exclude and ask for one alone on hover, and by keyboard", async () => {
      await open("protocol in (tcp, udp)");
      await test.hasRows(8);
      await facet("Node").getByText("debian").hover();
      await facet("Node").getByRole("button", { name: "Exclude debian" }).click();
      await test.hasRows(4);
      expect(asked()).toBe("protocol in (tcp, udp) and reporter!=debian");
      await facet("Protocol").getByText("UDP").hover();
      await facet("Protocol").getByRole("button", { name: "Only UDP" }).click();
      await test.hasRows(1);
      expect(asked()).toBe("protocol=udp and reporter!=debian");
      await value("Direction", "Inbound").focus();
      await press("x");
      await test.page.getByRole("heading", { name: "The filters leave nothing over" }).waitFor();
      expect(asked()).toBe("protocol=udp and reporter!=debian and direction!=ingress");
      await press("f");
      await test.hasRows(1);
      expect(asked()).toBe("protocol=udp and reporter!=debian");
    });

    it("that are more than can be told are searched as far as they are told, and can be asked for", async () => {
      await test.page.route("**/api/flows/facets?*", async (route) => {
        const response = await route.fetch();
        const answer = (await response.json()) as { facets: Record<string, unknown>; more: string[] };
        const isDomains = Object.hasOwn(answer.facets, "domain");
        await route.fulfill({ response, json: isDomains ? { ...answer, more: ["domain"] } : answer });
      });
      await open();
      await test.hasRows(9);
      await facet("Domain").getByRole("heading").click();
      await facet("Domain").getByRole("textbox", { name: "Search Domain" }).fill("hub.co");
      await facet("Domain").getByText("Those of the 1,000 most frequent").waitFor();
      await facet("Domain").getByRole("textbox", { name: "Search Domain" }).fill("ifconf*");
      await facet("Domain").getByText("None of the 1,000 most frequent").waitFor();
      await facet("Domain").getByRole("textbox", { name: "Search Domain" }).fill("hub.c");
      await facet("Domain").getByRole("button", { name: "Filter by “hub.c”" }).click();
      await test.hasRows(1);
      expect(asked()).toBe("domain~hub.c");
      await test.page.unroute("**/api/flows/facets?*");
      await facet("Domain").getByRole("heading").click();
    });

    it("are asked for when they are opened, and the panel is put away; both are remembered", async () => {
      await open();
      await test.hasRows(9);
      const questions: string[] = [];
      test.page.on("request", (request) => {
        if (request.url().includes("/facets?")) questions.push(new URL(request.url()).searchParams.get("fields") ?? "");
      });
      await facet("Service").getByRole("heading").click();
      await soon(() => values("Service")).toEqual([
        "443 (https) 4",
        "22 (ssh) 2",
        "53 (dns) 1",
        "9100 (pdl-datastream) 1",
        "none 1",
      ]);
      expect(questions).toEqual(["dst.port"]);
      await test.page.reload();
      await soon(() => values("Service")).toHaveLength(5);
      await test.page.getByRole("button", { name: "Hide values to narrow by" }).click();
      await facet("Protocol").waitFor({ state: "detached" });
      await test.page.reload();
      await test.hasRows(9);
      expect(await facet("Protocol").count()).toBe(0);
      await test.page.getByRole("button", { name: "Show values to narrow by" }).click();
      await soon(() => values("Protocol")).toHaveLength(3);
    });

    it("are pinned to the top, which is remembered", async () => {
      const first = () => test.page.locator(".facet h3").first().innerText();
      await facet("Verdict").hover();
      await test.page.getByRole("button", { name: "Pin Verdict to the top" }).click();
      await soon(first).toContain("Verdict");
      await test.page.reload();
      await soon(first).toContain("Verdict");
      await test.page.getByRole("button", { name: "Pin Verdict to the top" }).click();
      await soon(first).toContain("Network");
    });
  });

  describe("a value in a row", () => {
    const value = (name: string) => test.rows.locator(".field-value-text", { hasText: new RegExp(`^${name}$`) }).first();
    const menu = () => test.page.getByRole("menu");
    const choose = async (name: string, item: string) => {
      await value(name).click();
      await menu()
        .getByRole("menuitem", { name: new RegExp(`^${item}`) })
        .click();
    };

    it("has a menu: only this, include, exclude, either end, swap, copy, its page; the row stays closed", async () => {
      await open();
      await test.hasRows(9);
      await choose("majdi@netmaker.io", "Include");
      await test.hasRows(1);
      expect(asked()).toBe("src.name=majdi@netmaker.io");
      await choose("Inbound", "Exclude");
      await test.page.getByRole("heading", { name: "The filters leave nothing over" }).waitFor();
      await open("direction=egress");
      await test.hasRows(5);
      await choose("inetgw", "Either end");
      await test.hasRows(3);
      expect(asked()).toBe("direction=egress and name=inetgw");
      await choose("debian", "Only this");
      expect(asked()).toBe("direction=egress and name=inetgw and src.name=debian");
      await choose("debian", "Swap ends");
      await test.page.getByRole("heading", { name: "The filters leave nothing over" }).waitFor();
      expect(asked()).toBe("direction=egress and name=inetgw and dst.name=debian");
      await open();
      await choose("github.com", "Copy");
      expect(await test.page.evaluate(() => navigator.clipboard.readText())).toBe("github.com");
      await value("majdi@netmaker.io").click();
      const page = await menu().getByRole("menuitem", { name: "Open majdi@netmaker.io" }).getAttribute("href");
      expect(page).toBe("/entity/user?v=1&from=-15m&name=majdi@netmaker.io");
      await press("Escape");
      await menu().waitFor({ state: "detached" });
      expect(test.page.url()).not.toContain("flow=");
      expect(await value("majdi@netmaker.io").evaluate((element) => element === document.activeElement)).toBe(true);
    });

    it("is asked for by keyboard", async () => {
      await open();
      await value("majdi@netmaker.io").focus();
      await press("x");
      await test.hasRows(8);
      expect(asked()).toBe("src.name!=majdi@netmaker.io");
      await value("github.com").focus();
      await press("e");
      await test.hasRows(1);
      expect(asked()).toBe("src.name!=majdi@netmaker.io and domain=github.com");
    });

    it("offers nothing that the query says already", async () => {
      await open("src.type=user");
      await test.hasRows(2);
      await value("majdi@netmaker.io").click();
      expect(await menu().getByRole("menuitem", { name: "Include" }).isEnabled()).toBe(true);
      await press("Escape");
      await value("User").click();
      const only = menu().getByRole("menuitem", { name: "Only this" });
      expect([await only.isDisabled(), await only.getAttribute("title")]).toEqual([true, "The query says so already"]);
      await press("Escape");
    });
  });

  it("when the filters leave nothing over, the one condition that is to blame is named with what it hides", async () => {
    await open("src.type=user and protocol=tcp and dst.port=9999");
    await test.page.getByRole("heading", { name: "The filters leave nothing over" }).waitFor();
    await test.page.getByText(/Without Destination port: 9999 there is 1 row\./).waitFor();
    await test.page.getByRole("button", { name: "Remove this filter" }).click();
    await test.hasRows(1);
    expect(asked()).toBe("src.type=user and protocol=tcp");
    await open("src.type=user and verdict=denied and dst.port=9100");
    await test.page.getByRole("button", { name: "Remove all filters" }).click();
    await test.hasRows(9);
  });

  it.each(["light", "dark"] as const)("names every control, and every text has contrast enough (%s)", async (colorScheme) => {
    await test.page.emulateMedia({ colorScheme });
    await open("src.type=user and bytes>1k");
    await test.hasRows(1);
    const check = async () => {
      // Colours fade from one theme to the other.
      await soon(() => test.page.evaluate(lowContrast)).toEqual([]);
      expect(await test.page.evaluate(nameless)).toEqual([]);
    };
    await bar().fill("src.typ=user ");
    await test.page.locator(".query-mistake").waitFor();
    await check();
    await press("Escape", "Escape");
    for (const name of ["Quick filters and saved queries", "How to write a query", "Source type: User", /^Filter/]) {
      await test.page.getByRole("button", { name, exact: typeof name === "string" }).click();
      await test.page.getByRole("dialog").waitFor();
      await check();
      await press("Escape");
      await test.page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });
});
