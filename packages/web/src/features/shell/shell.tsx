/** The frame around every screen. */
import { ActionIcon } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconKeyboard, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { MOD_KEY } from "../../lib/hotkeys.ts";
import { useUrl } from "../../lib/url.ts";
import { screenAt } from "../../screens.ts";
import { Logo } from "../../ui/logo.tsx";
import { GuideHost } from "../guide/guide-host.tsx";
import { Palette } from "../palette/palette.tsx";
import { SampleBanner } from "../sample/sample-banner.tsx";
import { MeMenu } from "../session/me-menu.tsx";
import { KeyboardHelp } from "./keyboard-help.tsx";
import { Navigation } from "./navigation.tsx";
import { NetworkPicker } from "./network-picker.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import { TopBar } from "./top-bar.tsx";
import { useDialogs } from "./use-dialogs.ts";
import { useGoKeys } from "./use-go.ts";
import "./shell.css";

export function Shell({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useDialogs();
  useGoKeys();
  const asks = screenAt(useUrl().path)?.asks ?? "nothing";
  const { narrow, toggle } = useNarrowSidebar();
  const Toggle = narrow ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <div className={`shell${narrow ? " shell-narrow" : ""}`}>
      <nav className="sidebar" aria-label="Main">
        <div className="sidebar-top">
          <Logo />
        </div>
        <button
          type="button"
          className="palette-button"
          title={`Go to, ask for or change anything (${MOD_KEY} K)`}
          onClick={() => setDialog("palette")}
        >
          <IconSearch size={16} stroke={1.8} aria-hidden />
          <span className="nav-name">Go to…</span>
          <kbd aria-hidden>{MOD_KEY} K</kbd>
        </button>
        <NetworkPicker narrow={narrow} />
        <Navigation narrow={narrow} />
        <div className="sidebar-bottom">
          <ThemeSwitch />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => setDialog("keys")}
          >
            <IconKeyboard size={18} stroke={1.7} />
          </ActionIcon>
          <MeMenu />
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
      <Palette opened={dialog === "palette"} onClose={() => setDialog(null)} showHelp={() => setDialog("keys")} />
      <GuideHost />
      <KeyboardHelp opened={dialog === "keys"} onClose={() => setDialog(null)} />
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
