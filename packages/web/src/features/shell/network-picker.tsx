import { NativeSelect } from "@mantine/core";
import { IconNetwork } from "@tabler/icons-react";
import { navigate, useUrl } from "../../lib/url.ts";
import { networksOf, SAMPLE_NETWORK } from "../health/networks.ts";
import { useHealth } from "../health/use-health.ts";
import "./network-picker.css";

/** Shown when there is something to choose. `narrow`: as an icon. */
export function NetworkPicker({ narrow }: { narrow: boolean }) {
  const { path, params } = useUrl();
  const health = useHealth();
  const chosen = params.get("net");
  const sample = health.data?.sample || chosen === SAMPLE_NETWORK ? [SAMPLE_NETWORK] : [];
  const known = networksOf(health.data);
  const offered = [...new Set([...known, ...sample, ...(chosen === null ? [] : [chosen])])];
  if (offered.length < 2 && chosen === null && sample.length === 0) return null;
  return (
    <div className="network-picker" title={narrow ? `Network: ${chosen ?? "all"}` : undefined}>
      {narrow && <IconNetwork size={17} stroke={1.7} aria-hidden />}
      <NativeSelect
        className="network-select"
        aria-label="Network"
        size="xs"
        value={chosen ?? ""}
        onChange={(event) => {
          const next = new URLSearchParams(params);
          next.delete("flow");
          if (event.currentTarget.value === "") next.delete("net");
          else next.set("net", event.currentTarget.value);
          navigate(path, next);
        }}
      >
        <option value="">All networks</option>
        {offered.map((name) => (
          <option key={name} value={name}>
            {name === SAMPLE_NETWORK ? "sample (not real)" : name}
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
