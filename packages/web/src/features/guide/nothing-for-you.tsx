import { IconEyeOff } from "@tabler/icons-react";
import { whatText } from "../../lib/grant-words.ts";
import { useViewer } from "../../lib/me.ts";
import { Empty } from "../../ui/empty.tsx";

/** A viewer is not told whether there is something that others see. */
export function NothingForYou({ title = "There is no traffic that you may see" }: { title?: string }) {
  const me = useViewer().data;
  return (
    <Empty icon={<IconEyeOff size={26} stroke={1.6} />} title={title}>
      <p>
        What you may see: {me == null ? "" : whatText({ role: "viewer", networks: me.networks, own: me.own })}. If something is
        missing, ask an administrator.
      </p>
    </Empty>
  );
}
