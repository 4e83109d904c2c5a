/** What the panel says of a row: in a sentence, in facts, as every node saw it, over time, beside others, and as data. */
import { explainFlow, type FlowJson } from "@flowtrail/model";
import { Tabs } from "@mantine/core";
import { CopyButton } from "../../ui/command.tsx";
import { VerdictTag } from "../../ui/verdict.tsx";
import { endText, protocolText } from "../traffic/describe.ts";
import { ComparedRows } from "./compared.tsx";
import { asJson } from "./copy-forms.ts";
import { Facts } from "./facts.tsx";
import { Related } from "./related.tsx";
import { Reports } from "./reports.tsx";
import { Timeline } from "./timeline.tsx";
import { TryAgain } from "./try-again.tsx";
import { useCompared } from "./use-compared.ts";
import type { ShownFlow } from "./use-flow.ts";
import { type PanelTab, TABS, useTab } from "./use-tab.ts";

export interface PanelContentProps extends Pick<ShownFlow, "others" | "error" | "refetch"> {
  readonly flow: FlowJson;
}

export function PanelContent(props: PanelContentProps) {
  const [chosen, chooseTab] = useTab();
  const { keys } = useCompared();
  const tabs = keys.length > 0 ? TABS : TABS.filter((one) => one !== "compare");
  const tab = tabs.find((one) => one === chosen) ?? "overview";
  const labels: Readonly<Record<PanelTab, string>> = {
    overview: "Overview",
    reports: `Reports${props.others === null ? "" : ` (${props.others.length + 1})`}`,
    timeline: "Timeline",
    related: "Related",
    json: "JSON",
    compare: "Compare",
  };
  return (
    <>
      <Head flow={props.flow} />
      <Tabs value={tab} onChange={chooseTab} className="panel-tabs" keepMounted={false}>
        <Tabs.List>
          {tabs.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {labels[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className="panel-body">
          <Body tab={tab} {...props} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Head({ flow }: { flow: FlowJson }) {
  const { main, below } = protocolText(flow);
  return (
    <header className="panel-head">
      <p className="panel-kind">
        {main}
        {below !== "" && ` ${below}`}
        <span className="panel-dot" aria-hidden />
        {flow.verdict === null ? stateLabel(flow) : <VerdictTag verdict={flow.verdict} />}
        {flow.verdict !== null && flow.state !== "closed" && <span> {stateLabel(flow).toLowerCase()}</span>}
      </p>
      <h2>
        {endText(flow, "src").main} <span aria-hidden>→</span>
        <span className="visually-hidden">to</span> {endText(flow, "dst").main}
      </h2>
      <p className="panel-sentence">{explainFlow(flow)}</p>
    </header>
  );
}

function Body({ tab, flow, others, error, refetch }: PanelContentProps & { tab: PanelTab }) {
  switch (tab) {
    case "overview":
      return <Facts flow={flow} />;
    case "reports":
      return (
        <>
          {error !== null && <TryAgain error={error} onTry={refetch} />}
          {others !== null && <Reports flow={flow} others={others} />}
        </>
      );
    case "timeline":
      return <Timeline flow={flow} />;
    case "related":
      return <Related flow={flow} others={others} />;
    case "compare":
      return <ComparedRows flow={flow} />;
    case "json":
      return <Json flow={flow} />;
  }
}

function stateLabel(flow: FlowJson): string {
  return { open: "Open", closed: "Closed", lost: "Lost" }[flow.state];
}

function Json({ flow }: { flow: FlowJson }) {
  const text = asJson(flow);
  return (
    <div className="panel-json">
      <CopyButton text={text} label="Copy JSON" />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label="JSON">
        <pre>{text}</pre>
      </section>
    </div>
  );
}
