import { Button, Loader } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { fetchChanges } from "../../lib/api-settings.ts";
import { SETTINGS_PATH } from "../../lib/paths.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { useClock } from "../../lib/use-clock.ts";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { changeText, partText, whoText } from "./audit-words.ts";
import { Choice } from "./fields.tsx";
import { SETTINGS_KEY } from "./use-change.ts";

const PAGE = 50;
const OF = ["all", "traffic", "retention"] as const;
const LABELS = { all: "Everything", traffic: "Traffic logs, capture, privacy", retention: "Retention and holds" } as const;

/** Who set what when, newest first. */
export function AuditSection() {
  const { params } = useUrl();
  const clock = useClock();
  const of = OF.find((one) => one === params.get("of")) ?? "all";
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: [SETTINGS_KEY, "history", of],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const asked = new URLSearchParams({ limit: String(PAGE) });
      if (of !== "all") asked.set("section", of);
      if (pageParam !== "") asked.set("cursor", pageParam);
      return fetchChanges(asked, signal);
    },
    getNextPageParam: (last) => last.next,
  });
  const choose = (next: (typeof OF)[number]) =>
    navigate(SETTINGS_PATH, new URLSearchParams({ section: "audit", ...(next === "all" ? {} : { of: next }) }));
  const changes = data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <>
      <Choice label="Show" value={of} options={OF.map((value) => ({ value, label: LABELS[value] }))} onChange={choose} />
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loader aria-label="Loading" />}
      {data !== undefined && changes.length === 0 && (
        <p className="settings-about">Nothing has been set here yet: all is as the server is configured.</p>
      )}
      {changes.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="settings-table" tabIndex={0} aria-label="Changes, newest first">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Of</th>
                <th scope="col">What</th>
                <th scope="col">Who</th>
              </tr>
            </thead>
            <tbody>
              {changes.map((change) => (
                <tr key={`${change.time} ${change.name} ${change.id} ${change.what}`}>
                  <td title={clock.exact(Date.parse(change.time))}>{clock.dayAndTime(Date.parse(change.time))}</td>
                  <td>{partText(change)}</td>
                  <td className="settings-what">{changeText(change)}</td>
                  <td className="settings-who">{whoText(change.who)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {hasNextPage && (
        <Button size="sm" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show older changes
        </Button>
      )}
    </>
  );
}
