import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { carriedParams } from "../../lib/asked.ts";
import { hrefOf, navigate, useUrl } from "../../lib/url.ts";
import type { Screen } from "../../screens.ts";

export interface ScreenLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly screen: Pick<Screen, "path" | "load">;
}

/** A link to a screen keeps network, time and filter: they are what a person is looking at. */
export function ScreenLink({ screen, ...rest }: ScreenLinkProps) {
  const { params } = useUrl();
  const carried = carriedParams(params);
  const go = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(screen.path, carried);
  };
  // Its code comes while the pointer is on its way; a failure is told when it is opened.
  const preload = () => void screen.load().catch(() => {});
  return <a {...rest} href={hrefOf(screen.path, carried)} onClick={go} onPointerEnter={preload} onFocus={preload} />;
}
