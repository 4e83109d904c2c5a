import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

/** Which entry of a list is edited, and what the last change was. */
export function useEditing(changed: QueryKey) {
  const client = useQueryClient();
  const [editing, setEditing] = useState<string | "new" | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const edit = (id: string | null) => {
    setSaid(null);
    setEditing(id);
  };
  const done = (text: string | null) => {
    setEditing(null);
    setSaid(text);
    void client.invalidateQueries({ queryKey: changed });
  };
  return { editing, said, edit, done };
}
