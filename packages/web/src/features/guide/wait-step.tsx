import { Button, Loader } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { only } from "../../lib/filter-edit.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { Command } from "../../ui/command.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { agentCommand } from "./agent-command.ts";
import { Connected } from "./connected.tsx";
import type { AwaitedNode } from "./guide-dialog.tsx";
import { closeGuide } from "./guide-state.ts";
import { useAgent } from "./use-agent.ts";
import { WhatToCheck } from "./what-to-check.tsx";

/** It mostly takes two seconds. */
const LONG_MS = 60_000;

/** The command, and whether its agent has come. */
export function WaitStep({ node, onAnother }: { node: AwaitedNode; onAnother(): void }) {
  const { agent: heard, error } = useAgent(node.node, node.since);
  const agent = node.isTaken ? null : heard;
  const isLong = useIsLater(LONG_MS);
  return (
    <>
      <p>
        Run this on <strong>{node.node}</strong>, in the folder that Flowtrail was installed to (<code>npm ci</code>):
      </p>
      <Command text={agentCommand(node)} />
      <p className="guide-small">
        The token in it is shown this once. It makes one agent called {node.node} within a day, and is worthless then; the agent
        gets a token of its own for it.
      </p>
      {node.isTaken ? (
        <p className="guide-note" role="status">
          An agent called {node.node} reports already, perhaps from another machine: this page cannot tell the two apart. The
          command prints “capturing” when its own agent runs, and what keeps it from reporting. Stop the other one: the two would
          tell of one node.
        </p>
      ) : (
        <div className={`guide-state${agent === null ? "" : " guide-green"}`} role="status">
          {agent === null ? <Loader size="xs" aria-hidden /> : <IconCircleCheck size={20} aria-hidden />}
          {agent === null ? `Waiting for ${node.node} to report…` : `${node.node} reports`}
        </div>
      )}
      {agent === null && error !== null && (
        <p className="guide-failed" role="alert">
          {error.message}
        </p>
      )}
      {agent === null && error === null && isLong && !node.isTaken && <WhatToCheck address={node.address} />}
      {agent !== null && <Connected agent={agent} />}
      <div className="guide-actions">
        {agent !== null && <LiveLink reporter={agent.name} />}
        <Button variant="default" onClick={onAnother}>
          {agent === null ? "Another name" : "Add another node"}
        </Button>
      </div>
    </>
  );
}

function LiveLink({ reporter }: { reporter: string }) {
  const live = new URLSearchParams({ from: "-15m", q: only("", "reporter", reporter) });
  return (
    <PageLink path={TRAFFIC_LOGS_PATH} params={live} className="link-button" onClickCapture={closeGuide}>
      See its traffic, live
    </PageLink>
  );
}

/** Has it been here for so long? */
function useIsLater(ms: number): boolean {
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isLater;
}
