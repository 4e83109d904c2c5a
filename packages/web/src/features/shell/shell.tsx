/** The frame around every screen. */
import { ActionIcon } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useUrl } from "../../lib/url.ts";
import { screenAt } from "../../screens.ts";
import { Logo } from "../../ui/logo.tsx";
import { SampleBanner } from "../sample/sample-banner.tsx";
import { SignOut } from "../session/sign-out.tsx";
import { KeyboardHelp } from "./keyboard-help.tsx";
import { Navigation } from "./navigation.tsx";
import { NetworkPicker } from "./network-picker.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import { TopBar } from "./top-bar.tsx";
import "./shell.css";

export function Shell({ children }: { children: ReactNode }) {
  const asks = screenAt(useUrl().path)?.asks ?? "nothing";
  const { narrow, toggle } = useNarrowSidebar();
  const Toggle = narrow ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <div className={`shell${narrow ? " shell-narrow" : ""}`}>
      <nav className="sidebar" aria-label="Main">
        <div className="sidebar-top">
          <Logo />
        </div>
        <NetworkPicker narrow={narrow} />
        <Navigation narrow={narrow} />
        <div className="sidebar-bottom">
          <ThemeSwitch />
          <KeyboardHelp />
          <SignOut />
          {toggle !== null && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Sidebar with names"
              aria-pressed={!narrow}
              title={narrow ? "Show names in the sidebar" : "Icons only in the sidebar"}
              onClick={toggle}
            >
              <Toggle size={18} stroke={1.7} />
            </ActionIcon>
          )}
        </div>
      </nav>
      <main className="screen">
        <SampleBanner />
        {asks !== "nothing" && <TopBar asks={asks} />}
        {children}
      </main>
    </div>
  );
}

/** Icons alone where there is little room, and elsewhere for whoever wants it. `toggle`: null where there is no choice. */
function useNarrowSidebar(): { narrow: boolean; toggle: (() => void) | null } {
  const roomy = useMediaQuery("(min-width: 1100px)", true, { getInitialValueInEffect: false });
  const [chosen, choose] = useLocalStorage<"names" | "icons">({
    key: "flowtrail.sidebar",
    defaultValue: "names",
    getInitialValueInEffect: false,
  });
  const narrow = !roomy || chosen === "icons";
  return { narrow, toggle: roomy ? () => choose(narrow ? "names" : "icons") : null };
}
