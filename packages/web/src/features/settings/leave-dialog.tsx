import { Button, Modal } from "@mantine/core";
import { useLeaveGuard } from "./use-leave-guard.ts";

/** Asks before a form that is not saved is left. */
export function LeaveDialog({ isDirty }: { isDirty: boolean }) {
  const { leave, stay } = useLeaveGuard(isDirty);
  return (
    <Modal
      opened={leave !== null}
      onClose={stay}
      title="Leave without saving?"
      size="sm"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <p>Your changes are not saved: they are gone when you leave.</p>
      <div className="settings-buttons settings-leave">
        <Button size="sm" data-autofocus onClick={stay}>
          Stay
        </Button>
        <Button size="sm" variant="default" onClick={() => leave?.()}>
          Leave
        </Button>
      </div>
    </Modal>
  );
}
