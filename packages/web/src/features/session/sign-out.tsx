import { ActionIcon } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { signOut } from "../../lib/api.ts";
import { useViewer } from "./use-viewer.ts";

/** Nothing where there is no session to end. */
export function SignOut() {
  const client = useQueryClient();
  const viewer = useViewer();
  const source = viewer.data?.account?.source;
  const leave = useMutation({
    mutationFn: signOut,
    // Else the provider would sign the next person in as this one, without a word.
    onSuccess: () => (source === "oidc" ? window.location.assign("/api/auth/oidc/end") : client.resetQueries()),
  });
  // Whom a proxy vouches for signs out there.
  if (viewer.data?.kind !== "session" || source === "proxy") return null;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label="Sign out"
      title="Sign out"
      loading={leave.isPending}
      onClick={() => leave.mutate()}
    >
      <IconLogout size={18} stroke={1.7} />
    </ActionIcon>
  );
}
