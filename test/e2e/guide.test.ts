/** From an empty install to live traffic, as a new person goes: one name, one copied command, and the node turns green. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { TwoNamespaces } from "../integration/harness/two-namespaces.ts";
import { needs } from "../needs.ts";
import { expectAccessible } from "./harness/axe.ts";
import { launch, soon, TestPage } from "./harness/browser.ts";
import { lowContrast } from "./harness/contrast.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NODE = "first-node";

describe.skipIf(!needs("the first node, added by a browser", "browser", "root"))("the first node", () => {
  const bed = new TwoNamespaces("guide");
  /** Where the command puts its files, those of them that this machine does not have. */
  const folders = ["/etc/flowtrail", "/var/lib/flowtrail"];
  const made = folders.filter((folder) => !existsSync(folder));
  const dir = mkdtempSync(join(tmpdir(), "flowtrail-guide-"));
  let server: TestServer;
  let relay: Server;
  let browser: Browser;
  let test: TestPage;

  beforeAll(async () => {
    bed.up();
    [server, browser] = await Promise.all([startTestServer(), launch()]);
    relay = await intoNamespace(Number(new URL(server.url).port), join(dir, "relay.sock"));
    const { body } = await server.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "signin" } });
    test = await TestPage.open(browser, `${server.url}/#signin=${encodeURIComponent(body.token)}`);
  });
  afterAll(async () => {
    bed.down();
    relay?.close();
    await browser?.close();
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
    for (const folder of made) if (existsSync(folder)) rmdirSync(folder);
  });
  // The browser reports the 401 that the page asks for in order to know.
  afterEach(() => test.expectNoComplaints(/401/));

  /** The server, under the same address, on the loopback of a machine that has no other way to it. */
  async function intoNamespace(port: number, socket: string): Promise<Server> {
    const made = createServer((inside) => {
      const outside = connect(port, "127.0.0.1");
      for (const end of [inside, outside]) end.on("error", () => [inside, outside].map((one) => one.destroy()));
      inside.pipe(outside).pipe(inside);
    });
    await new Promise<void>((resolve) => made.listen(socket, resolve));
    const program = `const { connect, createServer } = require("node:net"); createServer((a) => {
      const b = connect(${JSON.stringify(socket)});
      for (const end of [a, b]) end.on("error", () => [a, b].map((one) => one.destroy()));
      a.pipe(b).pipe(a);
    }).listen(${port}, "127.0.0.1")`;
    const [ip = "", ...args] = [...bed.in(bed.a), process.execPath, "-e", program];
    spawn(ip, args, { stdio: "ignore" });
    return made;
  }

  /** As pasted on a machine of its own: folders of the system's are its own, and root needs no sudo. */
  function paste(command: string): void {
    const own = folders.map((folder) => `mkdir -p ${folder} && mount -t tmpfs none ${folder}`);
    const script = `${own.join(" && ")} && sudo() { "$@"; } && ${command}`;
    const [ip = "", ...args] = [...bed.in(bed.a), "unshare", "--mount", "sh", "-c", script];
    const env = { ...process.env, PATH: `${ROOT}node_modules/.bin:${process.env.PATH}:/usr/sbin:/sbin` };
    spawn(ip, args, { cwd: ROOT, env, stdio: "ignore" });
  }

  const page = () => test.page;
  const dialog = () => page().getByRole("dialog", { name: "Add a node" });
  const heading = (name: string) => page().getByRole("heading", { name });

  it("begins wherever there is nothing: on the overview, in Traffic Logs, among the nodes", async () => {
    for (const [keys, title] of [
      ["gl", "Traffic Logs"],
      ["gn", "Nodes"],
      ["go", "Overview"],
    ] as const) {
      await heading("No agent has connected yet").waitFor();
      await page().keyboard.press(keys.charAt(0));
      await page().keyboard.press(keys.charAt(1));
      await heading(title).waitFor();
    }
    await heading("No agent has connected yet").waitFor();
    await page().getByRole("button", { name: "Try with sample traffic" }).waitFor();
    await expectAccessible(page());
  });

  it("makes one command of a name, by the keyboard alone, and says what is no name", async () => {
    await page().getByRole("button", { name: "Add a node" }).focus();
    await page().keyboard.press("Enter");
    await dialog().waitFor();
    await soon(() => page().evaluate(() => document.activeElement?.getAttribute("placeholder"))).toBe("inetgw");
    await page().keyboard.type("no/name");
    await dialog().getByText("Letters, digits and . : @ _ - only").waitFor();
    // A loopback address leads here from here alone.
    await dialog().getByText("from its own machine only").waitFor();
    await expectAccessible(page(), "[role=dialog]");
    await page().keyboard.press("Control+a");
    await page().keyboard.type(NODE);
    await page().keyboard.press("Enter");
    await dialog().getByText(`Waiting for ${NODE} to report…`).waitFor();
    await expectAccessible(page(), "[role=dialog]");
  });

  it("turns green when the copied command runs, says what the node sees, and leads to its live traffic", {
    timeout: 90_000,
  }, async () => {
    await dialog().getByRole("button", { name: "Copy command" }).click();
    const command = await page().evaluate(() => navigator.clipboard.readText());
    expect(command).toMatch(/^echo \S+ \| sudo sh -c '.*'$/);
    expect(command).toContain(`--server ${server.url} `);
    paste(command);
    await dialog().getByText(`${NODE} reports`).waitFor({ timeout: 60_000 });
    await dialog().getByText(bed.addressA).waitFor();
    await soon(() => page().evaluate(lowContrast)).toEqual([]);
    await expectAccessible(page(), "[role=dialog]");
    bed.exec(bed.b, "ping", "-c", "2", "-i", "0.2", bed.addressA);
    await soon(() => dialog().locator("dd").last().innerText()).toMatch(/^[1-9]/);
    await test.screenshot("guide");
    await dialog().getByRole("link", { name: "See its traffic, live" }).click();
    await dialog().waitFor({ state: "detached" });
    await test.row("ICMP").waitFor();
    await test.row(`Node: ${NODE}`).waitFor();
  });

  it("the node is among the nodes, with its agent; the guide is one click away for the next one", async () => {
    await page().keyboard.press("g");
    await page().keyboard.press("n");
    await page().getByRole("row").filter({ hasText: NODE }).getByText("reports,").waitFor();
    await page().getByRole("button", { name: "Add a node" }).click();
    await dialog().getByRole("button", { name: "Add another node" }).click();
    await dialog().getByLabel("Name of the node").fill(NODE);
    await dialog().getByText("An agent of this name reports already.").waitFor();
    // What is heard of that name is the other one's: it turns nothing green.
    await dialog().getByRole("button", { name: "Make the command" }).click();
    await dialog().getByText("this page cannot tell the two apart").waitFor();
    await soon(() => page().evaluate(lowContrast)).toEqual([]);
    expect(await dialog().locator(".guide-green").count()).toBe(0);
    await page().keyboard.press("Escape");
    await dialog().waitFor({ state: "detached" });
  });
});
