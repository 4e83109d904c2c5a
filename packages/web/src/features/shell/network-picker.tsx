import { NativeSelect } from "@mantine/core";
import { IconNetwork } from "@tabler/icons-react";
import { useUrl } from "../../lib/url.ts";
import { changeNetwork } from "../../lib/use-asked.ts";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import { networkLabel, useNetworks } from "./use-networks.ts";
import "./network-picker.css";

/** Shown when there is something to choose. `narrow`: as an icon. */
export function NetworkPicker({ narrow }: { narrow: boolean }) {
  const { params } = useUrl();
  const chosen = params.get("net");
  const offered = useNetworks(chosen);
  if (offered.length < 2 && chosen === null && !offered.includes(SAMPLE_NETWORK)) return null;
  return (
    <div className="network-picker" title={narrow ? `Network: ${chosen ?? "all"}` : undefined}>
      {narrow && <IconNetwork size={17} stroke={1.7} aria-hidden />}
      <NativeSelect
        className="network-select"
        aria-label="Network"
        size="xs"
        value={chosen ?? ""}
        onChange={(event) => changeNetwork(event.currentTarget.value || null)}
      >
        <option value="">All networks</option>
        {offered.map((name) => (
          <option key={name} value={name}>
            {networkLabel(name)}
          </option>
        ))}
      </NativeSelect>
      {narrow && (
        <span className="network-short" aria-hidden>
          {chosen ?? "All"}
        </span>
      )}
    </div>
  );
}
