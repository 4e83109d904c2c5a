import { Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { AccessSection } from "../features/settings/access-section.tsx";
import { AuditSection } from "../features/settings/audit-section.tsx";
import { CaptureSection } from "../features/settings/capture-section.tsx";
import { SECTION_TITLE } from "../features/settings/focus.ts";
import { PrivacySection } from "../features/settings/privacy-section.tsx";
import { RetentionSection } from "../features/settings/retention-section.tsx";
import { SECTIONS, type SectionId, sectionOf } from "../features/settings/sections.ts";
import { SourcesSection } from "../features/settings/sources-section.tsx";
import { TrafficSection } from "../features/settings/traffic-section.tsx";
import { useCapture, useRetention, useTokens } from "../features/settings/use-settings.ts";
import { SETTINGS_PATH } from "../lib/paths.ts";
import { useUrl } from "../lib/url.ts";
import { FailedBanner } from "../ui/failed-banner.tsx";
import { PageLink } from "../ui/page-link.tsx";
import "./settings.css";

export function SettingsRoute() {
  const shown = sectionOf(useUrl().params);
  const Section = CONTENTS[shown.id];
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
          <Section key={shown.id} />
        </section>
      </div>
    </>
  );
}

const CONTENTS: Readonly<Record<SectionId, () => ReactNode>> = {
  traffic: () => <Asked query={useCapture()}>{(report) => <TrafficSection report={report} />}</Asked>,
  capture: () => <Asked query={useCapture()}>{(report) => <CaptureSection report={report} />}</Asked>,
  privacy: () => <Asked query={useCapture()}>{(report) => <PrivacySection report={report} />}</Asked>,
  retention: () => <Asked query={useRetention()}>{(report) => <RetentionSection report={report} />}</Asked>,
  sources: () => <SourcesSection />,
  access: () => <Asked query={useTokens()}>{(tokens) => <AccessSection tokens={tokens} />}</Asked>,
  audit: () => <AuditSection />,
};

/** What is set now, once it is known. */
function Asked<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const { data, error, refetch } = query;
  return (
    <>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined ? error === null && <Loader aria-label="Loading" /> : children(data)}
    </>
  );
}
