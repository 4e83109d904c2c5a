import { Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { FailedBanner } from "../../ui/failed-banner.tsx";

/** What is set now, once it is known. */
export function Asked<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const { data, error, refetch } = query;
  return (
    <>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined ? error === null && <Loader aria-label="Loading" /> : children(data)}
    </>
  );
}
