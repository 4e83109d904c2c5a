import { Modal } from "@mantine/core";
import { useState } from "react";
import type { AgentToStart } from "./agent-command.ts";
import { closeGuide, openGuide } from "./guide-state.ts";
import { NameStep } from "./name-step.tsx";
import { WaitStep } from "./wait-step.tsx";
import "./guide.css";

/** A node that was named, and the time from which on it is waited for. */
export interface AwaitedNode extends AgentToStart {
  /** The server's. */
  readonly since: string;
  /** An agent of that name reported when the command was made: what is heard of it tells nothing of this one. */
  readonly isTaken: boolean;
}

/** Add a node: a name, one command, and it turns green. What was begun is still there when it is opened again. */
export function GuideDialog({ opened, node }: { opened: boolean; node: string }) {
  const [begun, setAwaited] = useState<AwaitedNode | null>(null);
  // Of another node than the one that was begun.
  const awaited = node === "" || node === begun?.node ? begun : null;
  return (
    <Modal
      opened={opened}
      onClose={closeGuide}
      title="Add a node"
      size="lg"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className="guide">
        {awaited === null ? (
          <NameStep key={node} first={node} onNamed={setAwaited} />
        ) : (
          <WaitStep
            key={awaited.token}
            node={awaited}
            onAnother={() => {
              setAwaited(null);
              openGuide();
            }}
          />
        )}
      </div>
    </Modal>
  );
}
