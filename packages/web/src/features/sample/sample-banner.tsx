import { Button } from "@mantine/core";
import { useMe } from "../../lib/me.ts";
import { useUrl } from "../../lib/url.ts";
import { changeNetwork } from "../../lib/use-asked.ts";
import { Banner } from "../../ui/banner.tsx";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import { useSample } from "./use-sample.ts";

/** Stands above everything that is made up. */
export function SampleBanner() {
  const { params } = useUrl();
  const sample = useSample();
  const { maySet } = useMe();
  if (params.get("net") !== SAMPLE_NETWORK) return null;
  return (
    <Banner
      kind="warn"
      action={
        maySet && (
          <Button
            size="compact-sm"
            variant="default"
            loading={sample.isPending}
            onClick={() => sample.mutate(false, { onSuccess: () => changeNetwork(null) })}
          >
            Stop sample
          </Button>
        )
      }
    >
      <strong>Sample traffic, not real.</strong> These rows are made up to show the page. They are never mixed with what agents
      report.
    </Banner>
  );
}
