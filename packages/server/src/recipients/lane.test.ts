import { expect, it } from "vitest";
import { type LaneRules, type LaneState, MAX_IN_DIGEST, nextOf } from "./lane.ts";
import { type Notice, newNotice } from "./notice.ts";
import { quietUntil } from "./quiet.ts";
import type { Recipient } from "./recipient.ts";
import { toldOf } from "./takes.ts";
import { eventOf } from "./testing.ts";

const nowMs = Date.parse("2026-11-23T06:00:00Z");
const RULES: LaneRules = { quiet: null, digest_s: 0, max_per_minute: 3, max_per_hour: 5, oneByOne: false };
const IDLE: LaneState = { notices: [], sentMs: [], untilMs: 0, gathers: false };
let place = 0;
function notice(alert: string, change: Partial<Notice> = {}, severity: "high" | "critical" = "high"): Notice {
  place++;
  return { ...newNotice("r", eventOf("opened", { id: alert, severity }), place, nowMs), id: `${alert}-${place}`, ...change };
}
const next = (lane: Partial<LaneState>, rules: Partial<LaneRules> = {}, ms = nowMs) =>
  nextOf({ ...IDLE, ...lane }, { ...RULES, ...rules }, ms);

it("tells one after the other, and nothing overtakes an earlier event of its alert", () => {
  const [a1, a2, b1] = [notice("a", { nextMs: nowMs + 5000 }), notice("a"), notice("b")];
  expect(next({ notices: [] })).toEqual({ waitUntilMs: null, gathers: false });
  // What failed waits, and lets others pass.
  expect(next({ notices: [a1, a2, b1] })).toEqual({ send: [b1] });
  expect(next({ notices: [a1, a2] })).toEqual({ waitUntilMs: nowMs + 5000, gathers: false });
  expect(next({ notices: [a1, a2] }, {}, nowMs + 5000)).toEqual({ send: [a1] });
  expect(next({ notices: [b1], untilMs: nowMs + 900 })).toEqual({ waitUntilMs: nowMs + 900, gathers: false });
});

it("holds back what is over the limit, and tells it as one", () => {
  const notices = [notice("a"), notice("b")];
  const sentMs = [nowMs - 50_000, nowMs - 20_000, nowMs - 10_000];
  expect(next({ notices, sentMs })).toEqual({ waitUntilMs: nowMs + 10_000, gathers: true });
  expect(next({ notices, sentMs, gathers: true }, {}, nowMs + 10_000)).toEqual({ send: notices });
  const hour = [50, 40, 30, 20, 10].map((minutes) => nowMs - minutes * 60_000);
  expect(next({ notices, sentMs: hour })).toEqual({ waitUntilMs: nowMs + 600_000, gathers: true });
  expect(next({ notices, sentMs: hour.slice(1) })).toEqual({ send: [notices[0]] });
  // Whoever is told one by one waits, and nothing more.
  expect(next({ notices, gathers: true }, { oneByOne: true })).toEqual({ send: [notices[0]] });
  const many = Array.from({ length: 150 }, (_, n) => notice(`a${n}`));
  expect(next({ notices: many, gathers: true })).toEqual({ send: many.slice(0, MAX_IN_DIGEST) });
});

it("gathers for a digest from its first one", () => {
  const notices = [notice("a", { createdMs: nowMs - 200_000 }), notice("b", { createdMs: nowMs })];
  expect(next({ notices }, { digest_s: 300 })).toMatchObject({ waitUntilMs: nowMs + 100_000 });
  expect(next({ notices }, { digest_s: 200 })).toEqual({ send: notices });
});

it("is quiet when it shall be, but for what is worse", () => {
  const quiet = { from: "22:00", to: "07:00", zone: "Europe/Berlin", days: [], but: ["critical" as const] };
  // 06:00 UTC is 07:00 in Berlin: just over.
  expect(quietUntil(quiet, nowMs)).toBeNull();
  const earlyMs = nowMs - 3_600_000 + 30_000;
  expect(quietUntil(quiet, earlyMs)).toBe(nowMs);
  const [calm, loud] = [notice("a"), notice("b", {}, "critical")];
  expect(next({ notices: [calm] }, { quiet }, earlyMs)).toEqual({ waitUntilMs: nowMs, gathers: true });
  expect(next({ notices: [calm, { ...loud, nextMs: 0 }] }, { quiet }, earlyMs)).toEqual({ send: [{ ...loud, nextMs: 0 }] });
  // Monday's night began on Sunday.
  expect(quietUntil({ ...quiet, days: [0] }, earlyMs)).toBe(nowMs);
  expect(quietUntil({ ...quiet, days: [1] }, earlyMs)).toBeNull();
  expect(quietUntil({ ...quiet, from: "12:00", to: "12:00", zone: "UTC" }, nowMs)).toBe(nowMs + 6 * 3_600_000);
});

it("tells whom a rule names, else those that take it", () => {
  const recipient = (id: string, takes: Partial<Recipient["takes"]> = {}, more: Partial<Recipient> = {}) =>
    ({
      id,
      enabled: true,
      resolved: true,
      takes: { every: true, severities: [], rules: [], networks: [], ...takes },
      ...more,
    }) as Recipient;
  const all = [
    recipient("all"),
    recipient("named", { every: false }),
    recipient("critical", { severities: ["critical"] }),
    recipient("dns", { rules: ["dns"] }),
    recipient("home", { networks: ["home"] }),
    recipient("off", {}, { enabled: false }),
    recipient("opened", {}, { resolved: false }),
    recipient("pager", { severities: ["critical"] }, { kind: "pagerduty" }),
  ];
  const told = (...event: Parameters<typeof eventOf>) => toldOf(eventOf(...event), all).map(({ id }) => id);
  expect(told("opened")).toEqual(["all", "opened"]);
  expect(told("resolved")).toEqual(["all"]);
  expect(told("opened", { severity: "critical", rule: "dns" })).toEqual(["all", "critical", "dns", "opened", "pager"]);
  expect(told("acknowledged", { severity: "critical" })).toEqual(["pager"]);
  expect(told("opened", {}, ["named", "critical", "off"])).toEqual(["named", "critical"]);
  expect(told("opened", {}, ["off"])).toEqual([]);
  expect(told("opened", {}, ["removed"])).toEqual(["all", "opened"]);
  expect(told("opened", { labels: { network: "home" } })).toEqual(["all", "home", "opened"]);
  expect(told("opened", { labels: {}, q: "network = home and dst.port = 22" })).toEqual(["all", "home", "opened"]);
  expect(told("opened", { labels: { network: "other" }, q: "network = home" })).toEqual(["all", "opened"]);
  expect(told("opened", { labels: {}, q: "network != home or dst.port = 22" })).toEqual(["all", "opened"]);
});
