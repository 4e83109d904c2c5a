/** `alerts.*`: how often rules are looked at, what that may cost, and a file of rules of one's own. */
import { count, group, text } from "@flowtrail/settings";

export const alertsSchema = group({
  every_s: count({
    description: "longest time between two looks at an alert rule; those of short windows are looked at more often",
    min: 5,
    max: 3600,
    unit: "s",
    default: 30,
  }),
  rules_file: text({
    description: "YAML file of alert rules, watched while the server runs; what is in it can't be changed on the page",
    expected: "a path",
    placeholder: "file",
    default: undefined,
  }),
  max_seconds: count({
    description: "longest time that a look at an alert rule may take",
    min: 1,
    max: 120,
    unit: "s",
    default: 10,
  }),
  max_rows: count({
    description: "most rows that a question of an alert rule may read; a rule that needs more is stopped",
    min: 1000,
    max: 1_000_000_000_000,
    unit: "rows",
    default: 50_000_000,
  }),
});
