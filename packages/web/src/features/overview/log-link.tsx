import type { ReactNode } from "react";
import { writeAsked } from "../../lib/asked.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { usePinned } from "./pinned.ts";

export interface LogLinkProps {
  /** Of the query that the screen asks, what the list is to be asked; the same if left out. */
  readonly ask?: (q: string) => string;
  /** How its chart begins. */
  readonly chart?: Readonly<Record<string, string>>;
  readonly className?: string;
  readonly title?: string;
  /** To those who hear it, where what stands there says too little. */
  readonly label?: string;
  readonly children: ReactNode;
}

/** To the rows behind a figure: same network, same time, same filter. */
export function LogLink({ ask, chart = {}, label, children, ...rest }: LogLinkProps) {
  const { asked } = useAsked();
  const pin = usePinned();
  const params = writeAsked({ ...asked, q: pin(ask?.(asked.q) ?? asked.q) }, new URLSearchParams(chart));
  return (
    <PageLink {...rest} path={TRAFFIC_LOGS_PATH} params={params} aria-label={label}>
      {children}
    </PageLink>
  );
}
