import type { AnchorHTMLAttributes } from "react";
import { carriedParams } from "../../lib/asked.ts";
import { useUrl } from "../../lib/url.ts";
import type { Screen } from "../../screens.ts";
import { PageLink } from "../../ui/page-link.tsx";

export interface ScreenLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly screen: Pick<Screen, "path" | "load">;
}

/** A link to a screen keeps network, time and filter: they are what a person is looking at. */
export function ScreenLink({ screen, ...rest }: ScreenLinkProps) {
  const { params } = useUrl();
  const carried = carriedParams(params);
  // Its code comes while the pointer is on its way; a failure is told when it is opened.
  const preload = () => void screen.load().catch(() => {});
  return <PageLink {...rest} path={screen.path} params={carried} onPointerEnter={preload} onFocus={preload} />;
}
