import { IconBell } from "@tabler/icons-react";
import { ScreenLink } from "../features/shell/screen-link.tsx";
import { TRAFFIC_LOGS_PATH } from "../lib/paths.ts";
import { screenAt } from "../screens.ts";
import { Empty } from "../ui/empty.tsx";

/** Until there are rules, it says what it is for, and what helps meanwhile. */
export function AlertsRoute() {
  const logs = screenAt(TRAFFIC_LOGS_PATH);
  return (
    <>
      <header className="screen-head">
        <h1 className="screen-title">Alerts</h1>
      </header>
      <Empty
        icon={<IconBell size={26} stroke={1.6} />}
        title="No alert rules yet"
        actions={
          logs && (
            <ScreenLink screen={logs} className="link-button">
              Look through {logs.title}
            </ScreenLink>
          )
        }
      >
        <p>
          A rule will be a saved query with a limit: more refused connections than usual, a destination nobody has talked to
          before, a node that fell silent. This version of Flowtrail cannot watch rules yet, so nothing is being watched.
        </p>
        <p>Until then, queries saved in the query bar bring up the same rows in one click.</p>
      </Empty>
    </>
  );
}
