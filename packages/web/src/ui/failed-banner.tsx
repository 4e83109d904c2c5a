import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { Banner } from "./banner.tsx";

export interface FailedBannerProps {
  /** What the server said. */
  readonly message: string;
  /** Something of before is still shown. */
  readonly showsOld: boolean;
  onRetry(): void;
}

/** What could not be asked, and the way to ask it again. */
export function FailedBanner({ message, showsOld, onRetry }: FailedBannerProps) {
  return (
    <Banner
      kind="bad"
      action={
        <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
          Try again
        </Button>
      }
    >
      {message} {showsOld && "What is shown may be out of date."}
    </Banner>
  );
}
