/** The frame around every screen. */
import { IconActivity, IconHeartbeat, IconList } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { HEALTH_PATH, TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { hrefOf, navigate, useUrl } from "../../lib/url.ts";
import { Logo } from "../../ui/logo.tsx";
import { SampleBanner } from "../sample/sample-banner.tsx";
import { SignOut } from "../session/sign-out.tsx";
import { KeyboardHelp } from "./keyboard-help.tsx";
import { NetworkPicker } from "./network-picker.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import "./shell.css";

export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="shell">
      <nav className="sidebar" aria-label="Main">
        <div className="sidebar-top">
          <Logo />
        </div>
        <NetworkPicker />
        <div className="nav-group">
          <p className="nav-heading">Analytics</p>
          <p className="nav-branch">
            <IconActivity size={17} stroke={1.7} aria-hidden /> Activity
          </p>
          <NavItem path={TRAFFIC_LOGS_PATH} nested>
            <IconList size={16} stroke={1.7} aria-hidden /> Traffic Logs
          </NavItem>
        </div>
        <div className="nav-group">
          <p className="nav-heading">System</p>
          <NavItem path={HEALTH_PATH}>
            <IconHeartbeat size={17} stroke={1.7} aria-hidden /> Health
          </NavItem>
        </div>
        <div className="sidebar-bottom">
          <ThemeSwitch />
          <KeyboardHelp />
          <SignOut />
        </div>
      </nav>
      <main className="screen">
        <SampleBanner />
        {children}
      </main>
    </div>
  );
}

/** A screen's link keeps the network and the window: they are what a person is looking at. */
function NavItem({ path, nested = false, children }: { path: string; nested?: boolean; children: ReactNode }) {
  const url = useUrl();
  const isHere = path === (url.path === HEALTH_PATH ? HEALTH_PATH : TRAFFIC_LOGS_PATH);
  const params = new URLSearchParams([...url.params].filter(([name]) => name === "net" || name === "from" || name === "to"));
  return (
    <a
      className={`nav-item${nested ? " nav-nested" : ""}`}
      href={hrefOf(path, params)}
      aria-current={isHere ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        navigate(path, params);
      }}
    >
      {children}
    </a>
  );
}
