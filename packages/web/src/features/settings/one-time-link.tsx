import { Command } from "../../ui/command.tsx";
import { focusNow } from "./focus.ts";

/** The way for a person to a password of their own. */
export function OneTimeLink({ name, link }: { name: string; link: string }) {
  return (
    <div className="settings-secret" role="status" tabIndex={-1} ref={focusNow}>
      <p>
        Give <strong>{name}</strong> this link, in a way that nobody else reads. It signs one browser in, once, within 24 hours,
        and asks for a password. It is shown only now.
      </p>
      <Command text={link} />
    </div>
  );
}
