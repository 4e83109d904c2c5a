/** Each rule that ships, on real traffic of the lab: quiet at a little of everything, and telling who it was when there is something to tell. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labInventoryData, labTraffic } from "@flowtrail/lab";
import { type Alert, type AlertRule, parseFilter } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabBed, until } from "../integration/harness/bed.ts";
import { needs } from "../needs.ts";

const here = needs("alerts of the lab's traffic", "lab");
const WINDOW_S = 60;
/** Rules are looked at every ten seconds; what is told of a flow takes a moment. Others compute beside this. */
const SOON_MS = 2 * WINDOW_S * 1000;

interface AlertRuleReport {
  readonly enabled: boolean;
  readonly status: { readonly evaluated: string | null };
}

interface Entity {
  readonly source: string;
  readonly entity: { readonly addresses?: readonly string[] };
}

let bed: LabBed;
beforeAll(async () => {
  if (!here) return;
  bed = await LabBed.up("alm", { agentArgs: ["--server-config-interval", "1s"], serverArgs: ["--agents-denied", "yes"] });
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

async function evidence({ q, from, to }: Alert, reports: "merged" | "all" = "merged"): Promise<number> {
  const { flows } = await bed.get<{ flows: unknown[] }>(
    `/api/flows?${new URLSearchParams({ q, from, to, reports, limit: "10" })}`,
  );
  return flows.length;
}

const traffic = (scenario: string, options: Parameters<typeof labTraffic>[2] = {}) =>
  labTraffic({ name: bed.name }, scenario, options);

/** Until every rule has looked at all that happened up to now. */
async function looked(): Promise<void> {
  // What is stored a moment later belongs to it, and windows end at whole five seconds.
  const sinceMs = Date.now() + 8000;
  await until("every rule was looked at", 120_000, async () => {
    const { rules } = await bed.get<{ rules: AlertRuleReport[] }>("/api/alert-rules");
    return rules.every(({ enabled, status }) => !enabled || Date.parse(status.evaluated ?? "") > sinceMs);
  });
}

describe.skipIf(!here)("rules that ship, in the lab", () => {
  it("are quiet about a little of everything", async () => {
    await traffic("mixed", { seconds: 12 });
    const { rules } = await bed.get<{ rules: unknown[] }>("/api/alert-rules");
    expect(rules.length).toBeGreaterThanOrEqual(18);
    await looked();
    expect((await alerts()).map(({ rule, summary }) => `${rule}: ${summary}`)).toEqual([]);
  }, 240_000);

  it("tell of scans and of what firewalls drop, in words that name who it was", async () => {
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
    await shorten("denied-spike", {
      watch: {
        kind: "measure",
        measure: { kind: "reports" },
        by: ["network", "src.name"],
        threshold: { kind: "above", value: 1 },
      } as AlertRule["watch"],
    });
    for (const scenario of ["port-scan", "host-sweep", "denied"]) await traffic(scenario);
    const scan = await tells(
      "port-scan",
      /^debian tried 6\d ports on officegw \(100\.102\.137\.12\) in [\d.]+ (ms|s|min.*); \d answered$/,
    );
    expect(scan).toMatchObject({ severity: "high", mitre: ["T1046"], labels: { "src.name": "debian" } });
    expect(await evidence(scan)).toBe(10);
    expect(await evidence(await tells("host-sweep", /^debian tried TCP port 445 on \d\d hosts in .*; \d answered$/))).toBe(10);
    await tells("unanswered-spike", /debian/);
    // User → LAN, over each family: officegw drops it, and inetgw before it saw the attempt, too.
    expect(await evidence(await tells("denied-spike", /majdi@netmaker\.io/), "all")).toBeGreaterThan(1);
  }, 240_000);

  it("tell of what goes out: a beacon, an upload, large and long connections, foreign resolvers, plain text", async () => {
    // What it finds goes on for half of its window at least.
    await shorten("beacon", { window_s: 40, settings: { least_connections: 12, least_interval_s: 0.5, most_jitter: 0.4 } });
    await shorten("exfiltration", { settings: { least_bytes: 4 * 2 ** 20, least_days: 0 } });
    await shorten("elephant-flow", { settings: { least_bytes: 4 * 2 ** 20 } });
    await shorten("long-flow", { settings: { least_hours: 0.0005 } });
    await shorten("foreign-dns");
    await shorten("plain-text-login");
    await shorten("plain-text-out", { q: "protocol = tcp and dst.port = 80 and dst.type = external and src.bytes > 1MiB" });
    await traffic("beacon", { count: 32 });
    await tells("beacon", /^majdi@netmaker\.io connected to 203\.0\.113\.200 \d+ times, every [\d.]+ (ms|s) give or take \d+ %/);
    for (const scenario of ["upload", "foreign-dns", "plain-text"]) await traffic(scenario);
    await tells("exfiltration", /^majdi@netmaker\.io sent \d+(\.\d+)? MiB to (203\.0\.113\.94|git\.example\.test)/);
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
    bed.writeInventory(JSON.stringify({ networks: networks.map((network) => ({ ...network, config_files: [] })) }));
    // Until the gateway tells of the peer that it still has, and nobody names.
    const isTold = ({ source, entity }: Entity) => source.startsWith("agent:") && entity.addresses?.includes("100.102.137.30");
    await until("the gateway tells of its peer", 120_000, async () =>
      (await bed.get<{ entities: Entity[] }>("/api/inventory")).entities.some(isTold),
    );
    await traffic("dns");
    await tells("removed-node", /^printer still talks as (100\.102\.137\.30|fd0a::30): the config file was removed or disabled/);
    await bed.agents.kill("officegw", "SIGKILL");
    await tells("agent-silent", /^the agent on officegw has said nothing for /);
  }, 240_000);
});
