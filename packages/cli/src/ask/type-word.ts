/** What an end is, in the words of people. */
export function typeWord(type: string): string {
  return type === "extclient" ? "config file" : type.replace("_", " ");
}
