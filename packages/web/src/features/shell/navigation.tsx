import { IconActivity } from "@tabler/icons-react";
import { useMe } from "../../lib/me.ts";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { useUrl } from "../../lib/url.ts";
import { NAV_GROUPS, screenAt, screensFor } from "../../screens.ts";
import { OpenAlerts } from "./open-alerts.tsx";
import { ScreenLink } from "./screen-link.tsx";

/** The sidebar's links, as the table of screens has them. `narrow`: names are on hover alone. */
export function Navigation({ narrow }: { narrow: boolean }) {
  const here = screenAt(useUrl().path);
  const known = screensFor(useMe());
  return NAV_GROUPS.map((group) => {
    const screens = known.filter(({ nav }) => nav?.group === group.id);
    if (screens.length === 0) return null;
    const nested = "branch" in group;
    return (
      <div className="nav-group" key={group.id}>
        {"heading" in group && <p className="nav-heading">{group.heading}</p>}
        {nested && (
          <p className="nav-branch">
            <IconActivity size={17} stroke={1.7} aria-hidden /> {group.branch}
          </p>
        )}
        {screens.map(({ nav, ...screen }) => (
          <ScreenLink
            key={screen.path}
            screen={screen}
            className={`nav-item${nested ? " nav-nested" : ""}`}
            aria-current={screen.path === here?.path ? "page" : undefined}
            title={narrow ? screen.title : undefined}
          >
            {nav && <nav.Icon size={17} stroke={1.7} aria-hidden />}
            <span className="nav-name">{screen.title}</span>
            {screen.path === ALERTS_PATH && <OpenAlerts />}
          </ScreenLink>
        ))}
      </div>
    );
  });
}
