/** What one row means. It lies over the list, as wide as one wants it. */
import type { FlowJson } from "@flowtrail/model";
import { ActionIcon, Loader } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconArrowsDiff, IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { type CSSProperties, type KeyboardEvent, useEffect, useRef } from "react";
import type { FlowKey } from "../../lib/api.ts";
import { useUrl } from "../../lib/url.ts";
import { CopyButton } from "../../ui/command.tsx";
import { linkTo } from "../ask/links.ts";
import { CopyMenu } from "./copy-menu.tsx";
import { PanelContent } from "./panel-content.tsx";
import { PanelEdge } from "./panel-edge.tsx";
import { DEFAULT_PX } from "./panel-width.ts";
import { TryAgain } from "./try-again.tsx";
import { useCompared } from "./use-compared.ts";
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
  const { flow, others, error, isPending, refetch } = useFlow(flowKey, known);
  const [widthPx, setWidth] = useLocalStorage({
    key: "flowtrail.panel-width",
    defaultValue: DEFAULT_PX,
    getInitialValueInEffect: false,
  });
  const url = useUrl();
  const compared = useCompared();
  const panel = useRef<HTMLElement>(null);
  const { reporter, flowId } = flowKey;
  useEffect(() => panel.current?.focus(), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what had the focus may have gone with the row before
  useEffect(() => {
    if (document.activeElement === document.body) panel.current?.focus();
  }, [reporter, flowId]);
  const closeOnEscape = (event: KeyboardEvent<HTMLElement>) => {
    // Menus stand elsewhere in the page: theirs closes them alone.
    const isOurs = event.target instanceof Node && event.currentTarget.contains(event.target);
    if (event.key !== "Escape" || event.defaultPrevented || !isOurs) return;
    event.preventDefault();
    onClose();
  };
  return (
    <aside
      ref={panel}
      className="panel"
      aria-label="Flow"
      tabIndex={-1}
      style={{ "--panel-width": `${widthPx}px` } as CSSProperties}
      onKeyDown={closeOnEscape}
    >
      <PanelEdge widthPx={widthPx} onWidth={setWidth} />
      <div className="panel-bar">
        <ActionIcon variant="subtle" color="gray" aria-label="Previous row" title="Previous row (k)" onClick={() => onNext(-1)}>
          <IconChevronUp size={17} />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label="Next row" title="Next row (j)" onClick={() => onNext(1)}>
          <IconChevronDown size={17} />
        </ActionIcon>
        <span className="panel-gap" />
        <ActionIcon
          variant={compared.has(flowKey) ? "light" : "subtle"}
          color={compared.has(flowKey) ? "blue" : "gray"}
          aria-label="Compare with other rows"
          aria-pressed={compared.has(flowKey)}
          title={
            compared.has(flowKey) ? "Kept to be compared with other rows: take it back" : "Keep it, to compare other rows with it"
          }
          onClick={() => compared.toggle(flowKey)}
        >
          <IconArrowsDiff size={16} />
        </ActionIcon>
        {flow !== null && <CopyMenu flow={flow} />}
        <CopyButton text={linkTo(url)} label="Copy link" icon="link" />
        <ActionIcon variant="subtle" color="gray" aria-label="Close" title="Close (Esc)" onClick={onClose}>
          <IconX size={17} />
        </ActionIcon>
      </div>
      {flow === null ? (
        <div className="panel-body">
          {isPending && <Loader size="sm" aria-label="Loading" />}
          {error !== null && <TryAgain error={error} onTry={refetch} />}
        </div>
      ) : (
        <PanelContent key={`${reporter}/${flowId}`} flow={flow} others={others} error={error} refetch={refetch} />
      )}
    </aside>
  );
}
