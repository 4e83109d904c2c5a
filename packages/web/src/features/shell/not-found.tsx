import { IconMapPinOff } from "@tabler/icons-react";
import { screenAt } from "../../screens.ts";
import { Empty } from "../../ui/empty.tsx";
import { ScreenLink } from "./screen-link.tsx";

export function NotFound({ path }: { path: string }) {
  const landing = screenAt("/");
  return (
    <Empty
      icon={<IconMapPinOff size={26} stroke={1.6} />}
      title="There is no such page"
      actions={
        landing && (
          <ScreenLink screen={landing} className="link-button">
            Go to {landing.title}
          </ScreenLink>
        )
      }
    >
      <p>
        Nothing is at <code>{path}</code>. The link may be mistyped, or of another version of Flowtrail.
      </p>
    </Empty>
  );
}
