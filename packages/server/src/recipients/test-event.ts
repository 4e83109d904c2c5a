/** What is sent when somebody tries a recipient out. */
import type { ToldEvent } from "./notice.ts";

export function testEvent(nowMs: number): ToldEvent {
  const time = new Date(nowMs).toISOString();
  return {
    kind: "opened",
    explanation: "This alert was made up, to see whether this recipient can be told.",
    alert: {
      id: "test",
      rule: "test",
      rule_name: "Test",
      severity: "info",
      state: "open",
      summary: "This is a test: nothing has happened",
      labels: {},
      value: 1,
      limit: 1,
      mitre: [],
      since: time,
      last: time,
      until: null,
      ended: null,
      by: null,
      note: null,
      q: "",
      from: time,
      to: time,
    },
  };
}
