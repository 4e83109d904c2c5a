import type { ReactNode } from "react";
import { AccessSection } from "../features/settings/access-section.tsx";
import { Asked } from "../features/settings/asked.tsx";
import { AuditSection } from "../features/settings/audit-section.tsx";
import { CaptureSection } from "../features/settings/capture-section.tsx";
import { SECTION_TITLE } from "../features/settings/focus.ts";
import { PrivacySection } from "../features/settings/privacy-section.tsx";
import { RecipientsSection } from "../features/settings/recipients-section.tsx";
import { RetentionSection } from "../features/settings/retention-section.tsx";
import { SECTIONS, type SectionId, sectionOf } from "../features/settings/sections.ts";
import { SinksSection } from "../features/settings/sinks-section.tsx";
import { SourcesSection } from "../features/settings/sources-section.tsx";
import { TrafficSection } from "../features/settings/traffic-section.tsx";
import { useCapture, useRetention } from "../features/settings/use-settings.ts";
import { useMe } from "../lib/me.ts";
import { SETTINGS_PATH } from "../lib/paths.ts";
import { useUrl } from "../lib/url.ts";
import { PageLink } from "../ui/page-link.tsx";
import "./settings.css";

export function SettingsRoute() {
  const shown = sectionOf(useUrl().params);
  const Section = CONTENTS[shown.id];
  const { maySet } = useMe();
  return (
    <>
      <header className="screen-head">
        <h1 className="screen-title">Settings</h1>
      </header>
      <div className="settings">
        <nav className="settings-nav" aria-label="Settings">
          {SECTIONS.map(({ id, title }) => (
            <PageLink
              key={id}
              path={SETTINGS_PATH}
              params={new URLSearchParams({ section: id })}
              aria-current={id === shown.id ? "page" : undefined}
            >
              {title}
            </PageLink>
          ))}
        </nav>
        <section className="settings-section" aria-labelledby={SECTION_TITLE}>
          <h2 id={SECTION_TITLE} tabIndex={-1}>
            {shown.title}
          </h2>
          <p className="settings-about">{shown.about}</p>
          {maySet || LOOKS_ONLY.has(shown.id) ? <Section key={shown.id} /> : <ReadOnly key={shown.id}>{<Section />}</ReadOnly>}
        </section>
      </div>
    </>
  );
}

/** Here nothing is set, or the section itself leaves out what is not for everybody. */
const LOOKS_ONLY: ReadonlySet<SectionId> = new Set(["recipients", "sinks", "sources", "access", "audit"]);

/** For an auditor: all is shown, and nothing can be changed. */
function ReadOnly({ children }: { children: ReactNode }) {
  return (
    <>
      <p className="settings-read-only">You see the settings as an auditor: only an administrator can change them.</p>
      <fieldset className="settings-frozen" disabled>
        {children}
      </fieldset>
    </>
  );
}

const CONTENTS: Readonly<Record<SectionId, () => ReactNode>> = {
  traffic: () => <Asked query={useCapture()}>{(report) => <TrafficSection report={report} />}</Asked>,
  capture: () => <Asked query={useCapture()}>{(report) => <CaptureSection report={report} />}</Asked>,
  privacy: () => <Asked query={useCapture()}>{(report) => <PrivacySection report={report} />}</Asked>,
  retention: () => <Asked query={useRetention()}>{(report) => <RetentionSection report={report} />}</Asked>,
  recipients: () => <RecipientsSection />,
  sinks: () => <SinksSection />,
  sources: () => <SourcesSection />,
  access: () => <AccessSection />,
  audit: () => <AuditSection />,
};
