import type { MouseEvent, ReactNode } from "react";
import { hrefOf, navigate } from "../../lib/url.ts";

export interface PageLinkProps {
  readonly path: string;
  readonly params: URLSearchParams;
  readonly className?: string;
  /** To those who hear it, where what stands there says too little. */
  readonly label?: string;
  readonly children: ReactNode;
}

/** A link within the page, which can be opened in another tab as any other. */
export function PageLink({ path, params, className, label, children }: PageLinkProps) {
  const go = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(path, params);
  };
  return (
    <a className={className} aria-label={label} href={hrefOf(path, params)} onClick={go}>
      {children}
    </a>
  );
}
