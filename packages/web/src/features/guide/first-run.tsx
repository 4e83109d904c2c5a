import { IconPlugConnected } from "@tabler/icons-react";
import { useMe } from "../../lib/me.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { Empty } from "../../ui/empty.tsx";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import { SampleButton } from "../sample/sample-button.tsx";
import { AddNode } from "./add-node.tsx";
import { NothingForYou } from "./nothing-for-you.tsx";

/** Nobody has ever reported: how to begin. */
export function FirstRun() {
  const { path, params } = useUrl();
  const { mayAudit, maySet } = useMe();
  if (!mayAudit) return <NothingForYou />;
  const showSample = () => {
    const next = new URLSearchParams(params);
    next.set("net", SAMPLE_NETWORK);
    next.set("from", "-15m");
    next.delete("to");
    navigate(path, next);
  };
  return (
    <Empty
      icon={<IconPlugConnected size={26} stroke={1.6} />}
      title="No agent has connected yet"
      actions={
        <>
          <AddNode prominent />
          <SampleButton onStarted={showSample} />
        </>
      }
    >
      <p>
        Agents on your nodes report what their kernels track.{" "}
        {maySet
          ? "Add the first one with one command: you see it turn green here, and its traffic a second later."
          : "An administrator can add the first one: its traffic appears here a second later."}
      </p>
    </Empty>
  );
}
