import { formatCount, formatDuration } from "@flowtrail/model";
import type { CaptureReport, NetworkCapture, NodeCapture } from "../../lib/types-settings.ts";
import { withFleet, withSwitched } from "./capture-draft.ts";
import { Fields, Switch } from "./fields.tsx";
import { ReviewBar } from "./review-bar.tsx";
import { SwitchList } from "./switch-list.tsx";
import { useCaptureForm } from "./use-capture-form.ts";

/** "Enable Traffic Logs": everywhere, in a network, on a node. */
export function TrafficSection({ report }: { report: CaptureReport }) {
  const form = useCaptureForm(report);
  const { draft, savedMs, edit, flow, isDirty, discard } = form;
  const isOn = draft.fleet.enabled ?? report.settings.enabled;
  const rowsOf = <T extends NetworkCapture | NodeCapture>(
    kind: "networks" | "nodes",
    all: readonly T[],
    note: (one: T) => string,
  ) =>
    all.map((one) => {
      const changed = draft[kind][one.id]?.enabled;
      return { id: one.id, name: one.name, on: changed ?? one.enabled, isChanged: changed !== undefined, note: note(one) };
    });
  return (
    <>
      <Fields flow={flow}>
        <Switch
          label="Record traffic"
          checked={isOn}
          about={
            isOn
              ? "Agents record, but where a network or a node is switched off below. What is stored stays when it is switched off."
              : "No agent records anything. The switches below hold again when this one is on."
          }
          onChange={(enabled) => edit(withFleet(draft, report, { enabled }))}
        />
        <SwitchList
          title="Networks"
          word={["network", "networks"]}
          rows={rowsOf("networks", report.networks, ({ agents }) =>
            agents === 1 ? "1 agent reports it" : `${formatCount(agents)} agents report it`,
          )}
          empty="No network is known yet: agents and inventories tell of them."
          onSwitch={(ids, on) => edit(withSwitched(draft, report, "networks", ids, on))}
        />
        <SwitchList
          title="Nodes"
          word={["node", "nodes"]}
          rows={rowsOf("nodes", report.nodes, (node) => nodeNote(node, savedMs))}
          empty="No node has an agent yet."
          onSwitch={(ids, on) => edit(withSwitched(draft, report, "nodes", ids, on))}
        />
      </Fields>
      <ReviewBar flow={flow} isDirty={isDirty} onDiscard={discard} />
    </>
  );
}

function nodeNote({ recording, last_seen, networks, enabled }: NodeCapture, nowMs: number): string {
  const where = networks.length === 0 ? "" : ` · ${networks.join(", ")}`;
  if (recording === null)
    return `${last_seen === null ? "not heard of today" : `silent, last seen ${ago(last_seen, nowMs)}`}${where}`;
  if (recording) return `${enabled ? "records" : "records until it asks again"}${where}`;
  return `records nothing${where}`;
}

const ago = (time: string, nowMs: number) => `${formatDuration(Math.max(0, nowMs - Date.parse(time)))} ago`;
