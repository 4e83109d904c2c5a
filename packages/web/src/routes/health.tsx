import { Loader } from "@mantine/core";
import { AgentTable } from "../features/health/agent-table.tsx";
import { CountingSection } from "../features/health/counting-section.tsx";
import { countingNotes } from "../features/health/counting-words.ts";
import { InventorySection } from "../features/health/inventory-section.tsx";
import { OutwardSection } from "../features/health/outward-section.tsx";
import { SlowSection } from "../features/health/slow-section.tsx";
import { StoreSection } from "../features/health/store-section.tsx";
import { StoreTiles } from "../features/health/store-tiles.tsx";
import { useHealth } from "../features/health/use-health.ts";
import { Banner } from "../ui/banner.tsx";
import { FailedBanner } from "../ui/failed-banner.tsx";
import "./health.css";

export function HealthRoute() {
  const { data, error, refetch } = useHealth();
  const counting = data === undefined ? [] : countingNotes(data);
  return (
    <>
      <header className="screen-head">
        <h1 className="screen-title">Health</h1>
      </header>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data?.tls?.problem != null && <Banner kind="bad">{sentence(data.tls.problem)}</Banner>}
      {data === undefined ? (
        error === null && <Loader m="auto" aria-label="Loading" />
      ) : (
        <div className={`health${error === null ? "" : " health-old"}`}>
          <StoreTiles health={data} />
          <AgentTable health={data} />
          {counting.length > 0 && <CountingSection notes={counting} />}
          {data.inventory !== undefined && <InventorySection inventory={data.inventory} />}
          <OutwardSection health={data} />
          {data.store?.retention != null && <StoreSection kept={data.store.retention} rollups={data.store.rollups} />}
          {data.slow_questions !== undefined && <SlowSection questions={data.slow_questions} />}
        </div>
      )}
    </>
  );
}

/** The server's words are those of a log. */
const sentence = (words: string) => `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}.`;
