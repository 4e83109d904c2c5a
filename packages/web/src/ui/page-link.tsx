import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { hrefOf, navigate } from "../lib/url.ts";

export interface PageLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly path: string;
  readonly params: URLSearchParams;
}

/** A link within the page, which can be opened in another tab as any other. */
export function PageLink({ path, params, onClick, ...rest }: PageLinkProps) {
  const go = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(path, params);
  };
  return <a {...rest} href={hrefOf(path, params)} onClick={go} />;
}
