import { Button, Loader } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { auditFile, fetchAudit } from "../../lib/api-audit.ts";
import { SETTINGS_PATH } from "../../lib/paths.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { Empty } from "../../ui/empty.tsx";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { AuditList } from "./audit-list.tsx";
import { AUDIT_KINDS, AUDIT_TIMES, auditQuestion } from "./audit-words.ts";
import { Choice, Field } from "./fields.tsx";
import { SETTINGS_KEY } from "./use-change.ts";

const PAGE = "50";

/** Who did what, newest first. */
export function AuditSection() {
  const { params } = useUrl();
  const kind = AUDIT_KINDS.find(({ id }) => id === params.get("of"))?.id ?? "all";
  const time = AUDIT_TIMES.find(({ id }) => id === params.get("since"))?.id ?? "30d";
  const who = params.get("who") ?? "";
  const asked = auditQuestion(kind, time, who);
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: [SETTINGS_KEY, "audit", asked.toString()],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const page = new URLSearchParams(asked);
      page.set("limit", PAGE);
      if (pageParam !== "") page.set("cursor", pageParam);
      return fetchAudit(page, signal);
    },
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
  const choose = (change: Readonly<Record<string, string>>, options: { replace?: boolean } = {}) => {
    const next = { section: "audit", of: kind as string, since: time as string, who, ...change };
    const isDefault = (name: string, value: string) =>
      value === "" || (name === "of" && value === "all") || (name === "since" && value === "30d");
    navigate(
      SETTINGS_PATH,
      new URLSearchParams(Object.entries(next).filter(([name, value]) => !isDefault(name, value))),
      options,
    );
  };
  const lines = data?.pages.flatMap((page) => page.entries) ?? [];
  const options = <T extends string>(list: readonly { readonly id: T; readonly label: string }[]) =>
    list.map(({ id, label }) => ({ value: id, label }));
  return (
    <>
      <div className="audit-filters">
        <Choice label="Show" value={kind} options={options(AUDIT_KINDS)} onChange={(of) => choose({ of })} />
        <Choice label="Time" value={time} options={options(AUDIT_TIMES)} onChange={(since) => choose({ since })} />
        <Field
          label="Person or program"
          value={who}
          placeholder="a part of the name"
          onChange={(name) => choose({ who: name }, { replace: true })}
        />
        <Button component="a" href={auditFile(asked)} download variant="default" size="sm">
          Save as CSV
        </Button>
      </div>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loader aria-label="Loading" />}
      {data !== undefined && lines.length === 0 && (
        <Empty
          icon={<IconHistory />}
          title="Nothing was noted"
          actions={
            <Button size="sm" variant="default" onClick={() => choose({ of: "all", who: "", since: "400d" })}>
              Show everything
            </Button>
          }
        >
          <p>Nobody did anything of this kind in this time.</p>
        </Empty>
      )}
      {lines.length > 0 && <AuditList lines={lines} />}
      {hasNextPage && (
        <Button size="sm" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older entries
        </Button>
      )}
    </>
  );
}
