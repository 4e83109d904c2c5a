import type { RuleImport } from "../../lib/api-alerts.ts";

/** What an import would do, rule by rule: one that came with Flowtrail may be among those that change. */
export function importText({ changes }: Pick<RuleImport, "changes">): string {
  const of = (what: RuleImport["changes"][number]["what"]) => changes.filter((one) => one.what === what).map(({ id }) => id);
  const [added, changed, unchanged] = [of("added"), of("changed"), of("unchanged")];
  const parts = [
    added.length > 0 ? `adds ${added.join(", ")}` : "",
    changed.length > 0 ? `changes ${changed.join(", ")}` : "",
    unchanged.length > 0 ? `leaves ${unchanged.join(", ")} as it is` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? "There is no rule in it." : `It ${parts.join("; ")}.`;
}
