import { useState } from "react";
import type { CaptureReport } from "../../lib/types-settings.ts";
import { readNumber, withFleet } from "./capture-draft.ts";
import { Field, Fields, Switch } from "./fields.tsx";
import { ReviewBar } from "./review-bar.tsx";
import { useCaptureForm } from "./use-capture-form.ts";

const INTERVALS = {
  update_interval_s: {
    label: "Open flows are told every",
    unit: "seconds",
    min: 1,
    max: 300,
    about: "Counters of what is open move this often. More often: more rows.",
  },
  flush_interval_ms: {
    label: "Agents send every",
    unit: "milliseconds",
    min: 50,
    max: 60_000,
    about: "How soon a new flow is seen here.",
  },
} as const;
type Interval = keyof typeof INTERVALS;

/** What agents record, and how often they tell. */
export function CaptureSection({ report }: { report: CaptureReport }) {
  /** As written; left out: as in force. */
  const [texts, setTexts] = useState<Partial<Record<Interval, string>>>({});
  const { draft, edit, flow, isDirty, discard } = useCaptureForm(report, () => setTexts({}));
  const settings = { ...report.settings, ...draft.fleet };
  const set = (change: Parameters<typeof withFleet>[2]) => edit(withFleet(draft, report, change));
  const mistake = (name: Interval) => {
    const { min, max } = INTERVALS[name];
    const text = texts[name];
    return text === undefined || readNumber(text, min, max) !== null
      ? flow.problems[name]
      : `expected a whole number from ${min} to ${max}`;
  };
  const write = (name: Interval, text: string) => {
    setTexts({ ...texts, [name]: text });
    const { min, max } = INTERVALS[name];
    set({ [name]: readNumber(text, min, max) ?? report.settings[name] });
  };
  const names = Object.keys(INTERVALS) as Interval[];
  const isWrong = names.some((name) => mistake(name) !== undefined);
  return (
    <>
      <Fields flow={flow}>
        <Switch label="ICMP" checked={settings.icmp} about="Pings and what routers answer." onChange={(icmp) => set({ icmp })} />
        <Switch
          label="DNS"
          checked={settings.dns}
          about="Flows of port 53. Domain names are learned from answers all the same: see Privacy."
          onChange={(dns) => set({ dns })}
        />
        <Switch
          label="Denied attempts"
          checked={settings.denied}
          about="What firewalls of nodes drop, with the rule's name. Log rules on the node tell of it, or its agent (denied_rules): see docs, Denied attempts."
          onChange={(denied) => set({ denied })}
        />
        <Switch
          label="Local programs"
          checked={settings.process}
          about="Which program of the node made or took a flow, and its user id."
          onChange={(process) => set({ process })}
        />
        {names.map((name) => (
          <Field
            key={name}
            label={INTERVALS[name].label}
            unit={INTERVALS[name].unit}
            about={`${INTERVALS[name].about} As configured: ${report.defaults[name]}.`}
            value={texts[name] ?? String(settings[name])}
            mistake={mistake(name)}
            onChange={(text) => write(name, text)}
          />
        ))}
      </Fields>
      <ReviewBar flow={flow} isDirty={isDirty || isWrong} isWrong={isWrong || !isDirty} onDiscard={discard} />
    </>
  );
}
