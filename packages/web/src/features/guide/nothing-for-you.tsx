import { IconEyeOff } from "@tabler/icons-react";
import { whatText } from "../../lib/grant-words.ts";
import { useViewer } from "../../lib/me.ts";
import { Empty } from "../../ui/empty.tsx";

/** A viewer is not told whether there is traffic that others see. */
export function NothingForYou() {
  const me = useViewer().data;
  return (
    <Empty icon={<IconEyeOff size={26} stroke={1.6} />} title="There is no traffic that you may see">
      <p>
        What you may see: {me === undefined ? "" : whatText({ role: "viewer", networks: me.networks, own: me.own })}. If something
        is missing, ask an administrator.
      </p>
    </Empty>
  );
}
