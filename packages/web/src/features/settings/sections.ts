/** The parts of the settings. One is shown at a time: `/settings?section=retention`. */
export const SECTIONS = [
  { id: "traffic", title: "Traffic logs", about: "Whether traffic is recorded: everywhere, in a network, on a node." },
  { id: "capture", title: "Capture", about: "What agents record, and how often they tell." },
  {
    id: "privacy",
    title: "Privacy",
    about: "What is kept of people and of where they go, and whose flows are not recorded at all.",
  },
  {
    id: "retention",
    title: "Retention",
    about: "What is kept how long, how much room it may take, and what must not be deleted.",
  },
  {
    id: "recipients",
    title: "Recipients",
    about: "Who is told of alerts: people and systems. What was not taken is tried again and again.",
  },
  {
    id: "sinks",
    title: "Sinks",
    about: "Systems of yours that every record is handed to, at least once each.",
  },
  { id: "sources", title: "Inventory sources", about: "Who tells which node, user and network has which address." },
  {
    id: "access",
    title: "Access",
    about: "Who gets in: people by their accounts, programs and agents by tokens.",
  },
  {
    id: "audit",
    title: "Audit",
    about: "Who did what: sign-ins, changes, exports, searches, refusals. Nobody can change it, and reading it is noted, too.",
  },
] as const;
export type SectionId = (typeof SECTIONS)[number]["id"];

export function sectionOf(params: URLSearchParams): (typeof SECTIONS)[number] {
  return SECTIONS.find(({ id }) => id === params.get("section")) ?? SECTIONS[0];
}
