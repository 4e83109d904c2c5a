import { IconLock } from "@tabler/icons-react";
import { Empty } from "../../ui/empty.tsx";

/** Whoever followed somebody else's link is told why there is nothing. */
export function NotForYou({ title }: { title: string }) {
  return (
    <Empty icon={<IconLock size={30} stroke={1.5} />} title={`${title} is not for your role`}>
      You are signed in as a viewer, who sees traffic. An administrator can give your account another role.
    </Empty>
  );
}
