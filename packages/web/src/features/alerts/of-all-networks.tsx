import { useUrl } from "../../lib/url.ts";

/** A network that is chosen for other screens chooses nothing here. */
export function OfAllNetworks() {
  const network = useUrl().params.get("net");
  if (network === null) return null;
  return (
    <p className="alerts-of">
      Alerts of all networks, not of <strong>{network}</strong> alone: which networks a rule watches is in its filter.
    </p>
  );
}
