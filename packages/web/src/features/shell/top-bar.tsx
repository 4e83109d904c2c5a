/** What every screen of traffic is asked for, in one place: which flows, which time. */
import { ActionIcon } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useHotkeys } from "../../lib/hotkeys.ts";
import type { Screen } from "../../screens.ts";
import { CopyLink } from "../ask/copy-link.tsx";
import { useRefresh } from "../ask/refresh.ts";
import { TimeControls } from "../ask/time-controls.tsx";
import { ZoneSwitch } from "../ask/zone-switch.tsx";
import { QueryBar } from "../filter/query-bar.tsx";
import "./top-bar.css";

export function TopBar({ asks }: { asks: Exclude<Screen["asks"], "nothing"> }) {
  const refresh = useRefresh();
  useHotkeys({ r: refresh });
  return (
    <search className="top-bar" aria-label="What is shown">
      <div className="top-bar-query">{asks === "traffic" && <QueryBar />}</div>
      <div className="top-bar-controls">
        <TimeControls />
        <ZoneSwitch />
        <ActionIcon variant="default" size={32} aria-label="Ask again" title="Ask again (r)" onClick={refresh}>
          <IconRefresh size={16} stroke={1.8} />
        </ActionIcon>
        <CopyLink />
      </div>
    </search>
  );
}
