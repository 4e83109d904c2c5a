import { useMemo } from "react";
import { type Asked, readAsked, withNetwork, writeChanged } from "./asked.ts";
import { navigate, useUrl } from "./url.ts";

export interface AskedUrl {
  readonly asked: Asked;
  /** Asks something else on the same screen; a step that the back button takes back. `replace`: none. */
  change(change: Partial<Asked>, options?: { replace?: boolean }): void;
}

/** What the address asks for, whatever screen it is of. */
export function useAsked(): AskedUrl {
  const { path, params } = useUrl();
  const asked = useMemo(() => readAsked(params, Date.now()), [params]);
  return {
    asked,
    change: (change, options) => navigate(path, writeChanged({ ...asked, ...change }, params), options),
  };
}

/** Changes the filter of the address, as it is at this moment. For what must not be drawn again whenever the address changes. */
export function editQuery(edit: (q: string) => string): void {
  const { pathname, search } = window.location;
  const params = new URLSearchParams(search);
  const asked = readAsked(params, Date.now());
  const q = edit(asked.q);
  if (q !== asked.q) navigate(pathname, writeChanged({ ...asked, q }, params));
}

/** Shows another network on the same screen; null: all of them. */
export function changeNetwork(network: string | null): void {
  const { pathname, search } = window.location;
  navigate(pathname, withNetwork(network, new URLSearchParams(search)));
}
