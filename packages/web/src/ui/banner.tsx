import { IconAlertTriangle, IconFlask } from "@tabler/icons-react";
import type { ReactNode } from "react";
import "./banner.css";

export interface BannerProps {
  /** `bad`: something does not work. `warn`: something to know. */
  readonly kind: "bad" | "warn";
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** One line above a screen: what is the matter, and the one thing to do about it. */
export function Banner({ kind, action, children }: BannerProps) {
  const Icon = kind === "bad" ? IconAlertTriangle : IconFlask;
  return (
    <div className={`banner banner-${kind}`} role={kind === "bad" ? "alert" : "status"}>
      <Icon size={17} stroke={1.8} aria-hidden />
      <p>{children}</p>
      {action}
    </div>
  );
}
