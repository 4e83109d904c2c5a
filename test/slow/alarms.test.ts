/** Each rule that ships, on real traffic of the lab: quiet at a little of everything, and telling who it was when there is something to tell. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labInventoryData, labTraffic } from "@flowtrail/lab";
import { type Alert, type AlertRule, parseFilter } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { LabBed, until } from "../integration/harness/bed.ts";
import { needs } from "../needs.ts";

const here = needs("alerts of the lab's traffic", "lab");
const WINDOW_S = 60;
/** Rules are looked at every ten seconds; what is told of a flow takes a moment. Others compute beside this. */
const SOON_MS = (WINDOW_S + 10) * 1000;

let bed: LabBed;
beforeAll(async () => {
  if (!here) return;
  bed = await LabBed.up("alm", { agentArgs: ["--server-config-interval", "1s"] });
}, 120_000);
afterAll(() => bed?.down(), 60_000);

const alerts = async (): Promise<Alert[]> => (await bed.get<{ alerts: Alert[] }>("/api/alerts?limit=500")).alerts;

/** The rule as it ships, but for a window that a test can wait for, and what is given. */
async function shorten(id: string, change: Partial<AlertRule> & { settings?: Record<string, unknown> } = {}): Promise<void> {
  const { settings, ...fields } = change;
  const rule = await bed.get<AlertRule>(`/api/alert-rules/${id}`);
  const names = [
    "name",
    "explanation",
    "enabled",
    "severity",
    "q",
    "watch",
    "window_s",
    "for_s",
    "clear_s",
    "recipients",
    "mitre",
  ] as const;
  const body = { ...Object.fromEntries(names.map((name) => [name, rule[name]])), window_s: WINDOW_S, ...fields } as Record<
    string,
    unknown
  >;
  const watch = body.watch as { settings?: object };
  if (settings !== undefined) body.watch = { ...watch, settings: { ...watch.settings, ...settings } };
  await bed.put(`/api/alert-rules/${id}`, body);
}

/** An alert of this rule whose sentence fits; its evidence shows flows. */
async function tells(rule: string, sentence: RegExp): Promise<Alert> {
  let found: Alert | undefined;
  let all: Alert[] = [];
  await until(
    `${rule} tells ${sentence}`,
    SOON_MS,
    async () => {
      all = await alerts();
      found = all.find((alert) => alert.rule === rule && sentence.test(alert.summary));
      return found !== undefined;
    },
    () => JSON.stringify(all.map(({ rule: id, summary }) => `${id}: ${summary}`)),
  );
  const alert = found as Alert;
  parseFilter(alert.q);
  return alert;
}

async function evidence({ q, from, to }: Alert): Promise<number> {
  const { flows } = await bed.get<{ flows: unknown[] }>(`/api/flows?${new URLSearchParams({ q, from, to, limit: "10" })}`);
  return flows.length;
}

const traffic = (scenario: string) => labTraffic({ name: bed.name }, scenario, {});

describe.skipIf(!here)("rules that ship, in the lab", () => {
  it("are quiet about a little of everything", async () => {
    await labTraffic({ name: bed.name }, "mixed", { seconds: 20 });
    const { rules } = await bed.get<{ rules: { id: string; last?: unknown }[] }>("/api/alert-rules");
    expect(rules.length).toBeGreaterThanOrEqual(18);
    // Two rounds of the engine.
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    expect((await alerts()).map(({ rule, summary }) => `${rule}: ${summary}`)).toEqual([]);
  }, 120_000);

  it("tell of scans, in words that name who it was", async () => {
    await shorten("port-scan");
    await shorten("host-sweep");
    await shorten("unanswered-spike", {
      watch: {
        kind: "measure",
        measure: { kind: "share", verdicts: ["unanswered", "refused"], least_connections: 40 },
        by: ["network", "src.name"],
        threshold: { kind: "above", value: 0.7 },
      } as AlertRule["watch"],
    });
    await traffic("port-scan");
    const scan = await tells(
      "port-scan",
      /^debian tried 62 ports on officegw \(100\.102\.137\.12\) in [\d.]+ (ms|s|min.*); 2 answered$/,
    );
    expect(scan).toMatchObject({ severity: "high", mitre: ["T1046"], labels: { "src.name": "debian" } });
    expect(await evidence(scan)).toBe(10);
    await traffic("host-sweep");
    expect(await evidence(await tells("host-sweep", /^debian tried TCP port 445 on \d\d hosts in .*; [01] answered$/))).toBe(10);
    await tells("unanswered-spike", /debian/);
  }, 240_000);

  it("tell of what goes out: a beacon, an upload, large and long connections, foreign resolvers, plain text", async () => {
    await shorten("beacon", { settings: { least_connections: 12, least_interval_s: 0.5, most_jitter: 0.4 } });
    await shorten("exfiltration", { settings: { least_bytes: 4 * 2 ** 20, least_days: 0 } });
    await shorten("elephant-flow", { settings: { least_bytes: 4 * 2 ** 20 } });
    await shorten("long-flow", { settings: { least_hours: 0.0005 } });
    await shorten("foreign-dns");
    await shorten("plain-text-login");
    await shorten("plain-text-out", { q: "protocol = tcp and dst.port = 80 and dst.type = external and src.bytes > 1MiB" });
    await traffic("beacon");
    await tells("beacon", /^majdi@netmaker\.io connected to 203\.0\.113\.200 \d+ times, every [\d.]+ (ms|s) give or take \d+ %/);
    for (const scenario of ["upload", "foreign-dns", "plain-text"]) await traffic(scenario);
    await tells("exfiltration", /^majdi@netmaker\.io sent \d+(\.\d+)? MiB to 203\.0\.113\.94/);
    await tells("long-flow", /^majdi@netmaker\.io and 203\.0\.113\.\d+.*: one connection that has lasted /);
    await tells("elephant-flow", /^majdi@netmaker\.io and .* moved 8\.\d+ MiB$/);
    expect(await evidence(await tells("foreign-dns", /majdi@netmaker\.io.*203\.0\.113\.53/))).toBeGreaterThan(0);
    await tells("plain-text-login", /debian/);
    await tells("plain-text-out", /majdi@netmaker\.io/);
  }, 360_000);

  it("tell of whom nobody should talk to: new ones, listed ones, and what no policy allows", async () => {
    await shorten("first-contact", { settings: { least_days: 0 } });
    await shorten("listed");
    await shorten("outside-policy");
    mkdirSync(join(bed.dir, "data", "lists"), { recursive: true });
    writeFileSync(join(bed.dir, "data", "lists", "bad.txt"), "# of a test\nlegacy.example.test\n203.0.113.76\n");
    await bed.put("/api/policies/lan", { from: { name: ["majdi@netmaker.io"] }, to: { type: ["external"] } });
    await until("the list is read", 40_000, async () => (await bed.get<{ lists: unknown[] }>("/api/lists")).lists.length === 1);
    await traffic("no-sni");
    await traffic("split-hello");
    await traffic("egress");
    await tells("first-contact", /^(majdi@netmaker\.io|printer) talked to legacy\.example\.test for the first time/);
    await tells("listed", /talked to legacy\.example\.test, which is listed in bad\.txt/);
    await tells("listed", /talked to 203\.0\.113\.76, which is listed in bad\.txt/);
    await tells("outside-policy", /^debian talked to .* on TCP .*, which no policy allows: /);
    expect(
      (await alerts()).some(
        ({ rule, summary }) => rule === "outside-policy" && /^majdi.* talked to .*example\.test/.test(summary),
      ),
    ).toBe(false);
  }, 360_000);

  it("tell of who was removed and still talks, and of an agent that is silent", async () => {
    await shorten("removed-node", { settings: { grace_s: 0 } });
    await shorten("agent-silent", { settings: { least_s: 8 } });
    const { networks } = labInventoryData();
    bed.writeInventory(stringify({ networks: networks.map((network) => ({ ...network, config_files: [] })) }));
    await until("the printer is gone", 120_000, async () => {
      await traffic("dns");
      return (await alerts()).some(({ rule }) => rule === "removed-node");
    });
    await tells("removed-node", /^printer still talks as (100\.102\.137\.30|fd0a::30): the config file was removed or disabled/);
    await bed.agents.kill("officegw", "SIGKILL");
    await tells("agent-silent", /^the agent on officegw has said nothing for /);
  }, 240_000);
});
