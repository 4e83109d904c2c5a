/** What one row means: in a sentence, in facts, as every node saw it, and as data. */

import { explainFlow, type FlowJson } from "@flowtrail/model";
import { ActionIcon, Loader, Tabs } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { FlowKey } from "../../lib/api.ts";
import { CopyButton } from "../../ui/command.tsx";
import { VerdictTag } from "../../ui/verdict.tsx";
import { endText, protocolText } from "../traffic/describe.ts";
import { Facts } from "./facts.tsx";
import { Reports } from "./reports.tsx";
import { useFlow } from "./use-flow.ts";
import "./panel.css";

export interface PanelProps {
  readonly flowKey: FlowKey;
  /** The row as the table knows it, if it is there: shown at once. */
  readonly known: FlowJson | null;
  onClose(): void;
  onNext(step: 1 | -1): void;
}

export function Panel({ flowKey, known, onClose, onNext }: PanelProps) {
  const { flow, others, error, isPending } = useFlow(flowKey, known);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  };
  return (
    <aside ref={panel} className="panel" aria-label="Flow" tabIndex={-1} onKeyDown={closeOnEscape}>
      <div className="panel-bar">
        <ActionIcon variant="subtle" color="gray" aria-label="Previous row" title="Previous row (k)" onClick={() => onNext(-1)}>
          <IconChevronUp size={17} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label="Next row" title="Next row (j)" onClick={() => onNext(1)}>
          <IconChevronDown size={17} />
        </ActionIcon>
        <span className="panel-gap" />
        <CopyButton text={window.location.href} label="Copy link" icon="link" />
        <ActionIcon variant="subtle" color="gray" aria-label="Close" title="Close (Esc)" onClick={onClose}>
          <IconX size={17} />
        </ActionIcon>
      </div>
      {flow === null ? (
        <div className="panel-body">
          {isPending ? <Loader size="sm" aria-label="Loading" /> : <p role="alert">{error?.message}</p>}
        </div>
      ) : (
        <Content flow={flow} others={others} problem={error?.message ?? null} />
      )}
    </aside>
  );
}

function Content({ flow, others, problem }: { flow: FlowJson; others: readonly FlowJson[] | null; problem: string | null }) {
  const { main, below } = protocolText(flow);
  const count = others === null ? "" : ` (${others.length + 1})`;
  return (
    <>
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
      <Tabs defaultValue="overview" className="panel-tabs" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="reports">Reports{count}</Tabs.Tab>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview" className="panel-body">
          <Facts flow={flow} />
        </Tabs.Panel>
        <Tabs.Panel value="reports" className="panel-body">
          {problem !== null && <p role="alert">The other reports could not be asked for: {problem}</p>}
          {others !== null && <Reports flow={flow} others={others} />}
        </Tabs.Panel>
        <Tabs.Panel value="json" className="panel-body">
          <Json flow={flow} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function stateLabel(flow: FlowJson): string {
  return { open: "Open", closed: "Closed", lost: "Lost" }[flow.state];
}

function Json({ flow }: { flow: FlowJson }) {
  const text = JSON.stringify(flow, null, 2);
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
