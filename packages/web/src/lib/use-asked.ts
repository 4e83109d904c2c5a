import { createContext, useContext, useMemo } from "react";
import { type Asked, readAsked, withNetwork, writeAsked, writeChanged } from "./asked.ts";
import { TRAFFIC_LOGS_PATH } from "./paths.ts";
import { navigate, useUrl } from "./url.ts";

export interface AskedUrl {
  readonly asked: Asked;
  /** Asks something else on the same screen; a step that the back button takes back. `replace`: none. */
  change(change: Partial<Asked>, options?: { replace?: boolean }): void;
}

/** What values below it ask about, where the screen itself asks nothing: their menus lead to the traffic log. */
export const AskedElsewhere = createContext<Asked | null>(null);

/** What the address asks for, whatever screen it is of. */
export function useAsked(): AskedUrl {
  const { path, params } = useUrl();
  const here = useMemo(() => readAsked(params, Date.now()), [params]);
  const elsewhere = useContext(AskedElsewhere);
  const asked = elsewhere ?? here;
  if (elsewhere !== null) {
    return { asked, change: (change) => navigate(TRAFFIC_LOGS_PATH, writeAsked({ ...asked, ...change })) };
  }
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

/** The same for values that may stand where nothing is asked. */
export function useEditQuery(): typeof editQuery {
  const elsewhere = useContext(AskedElsewhere);
  if (elsewhere === null) return editQuery;
  return (edit) => navigate(TRAFFIC_LOGS_PATH, writeAsked({ ...elsewhere, q: edit(elsewhere.q) }));
}

/** Shows another network on the same screen; null: all of them. */
export function changeNetwork(network: string | null): void {
  const { pathname, search } = window.location;
  navigate(pathname, withNetwork(network, new URLSearchParams(search)));
}
