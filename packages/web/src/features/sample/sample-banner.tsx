import { Button } from "@mantine/core";
import { navigate, useUrl } from "../../lib/url.ts";
import { Banner } from "../../ui/banner.tsx";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import { useSample } from "./use-sample.ts";

/** Stands above everything that is made up. */
export function SampleBanner() {
  const { path, params } = useUrl();
  const sample = useSample();
  if (params.get("net") !== SAMPLE_NETWORK) return null;
  const leave = () => {
    const next = new URLSearchParams(params);
    next.delete("net");
    next.delete("flow");
    navigate(path, next);
  };
  return (
    <Banner
      kind="warn"
      action={
        <Button
          size="compact-sm"
          variant="default"
          loading={sample.isPending}
          onClick={() => sample.mutate(false, { onSuccess: leave })}
        >
          Stop sample
        </Button>
      }
    >
      <strong>Sample traffic, not real.</strong> These rows are made up to show the page. They are never mixed with what agents
      report.
    </Banner>
  );
}
