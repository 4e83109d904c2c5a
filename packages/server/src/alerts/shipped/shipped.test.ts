import { ALERT_SEVERITIES, parseFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { measureSettings } from "../measure/settings.ts";
import { Watchers } from "../watcher.ts";
import { ListedIndex } from "../watchers/listed-index.ts";
import { PolicySet } from "../watchers/policies.ts";
import { namedWatchers } from "../watchers/watchers.ts";
import { SHIPPED_RULES } from "./shipped.ts";

const watchers = new Watchers(
  namedWatchers({ policies: () => new PolicySet([]), lists: () => new ListedIndex([]), isRemoved: () => false }),
);

describe("rules that ship", () => {
  it("have ids of their own, are on, and say what they find, what to do first and how to tune them", () => {
    expect(new Set(SHIPPED_RULES.map(({ id }) => id)).size).toBe(SHIPPED_RULES.length);
    for (const rule of SHIPPED_RULES) {
      expect(rule.id).toMatch(/^[a-z][a-z-]+$/);
      expect(rule).toMatchObject({ enabled: true, shipped: true });
      expect(ALERT_SEVERITIES).toContain(rule.severity);
      expect(rule.explanation).toMatch(/.{60}\nFirst: .{20}.*\nTo tune it: /s);
    }
  });

  it.each(SHIPPED_RULES.map((rule) => [rule.id, rule] as const))(
    "%s has a filter and settings that are understood",
    (_, rule) => {
      expect(() => parseFilter(rule.q)).not.toThrow();
      const { watch } = rule;
      if (watch.kind === "measure") {
        const { kind: _kind, ...settings } = watch;
        measureSettings.parse(settings);
        return;
      }
      const settings = "settings" in watch ? watch.settings : {};
      const read = watchers.of(watch)?.settings.parse(settings) as Record<string, unknown>;
      // Nothing is left to a default that may change.
      expect(read).toMatchObject(settings);
    },
  );

  it("use each watcher", () => {
    const used = new Set(SHIPPED_RULES.map(({ watch }) => watch.kind));
    for (const kind of watchers.kinds) expect(used).toContain(kind);
  });
});
