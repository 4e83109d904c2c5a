/** Every screen of the page, in the order of the sidebar. The first one is what `/` shows. */
import {
  IconBell,
  IconChartHistogram,
  IconHeartbeat,
  IconLayoutDashboard,
  IconList,
  IconNetwork,
  type IconProps,
  IconServer2,
  IconSettings,
  IconTopologyStar3,
  IconUsers,
} from "@tabler/icons-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import {
  ALERTS_PATH,
  ANALYZE_PATH,
  HEALTH_PATH,
  MAP_PATH,
  NETWORKS_PATH,
  NODES_PATH,
  OVERVIEW_PATH,
  readEntityPath,
  SETTINGS_PATH,
  TRAFFIC_LOGS_PATH,
  USERS_PATH,
} from "./lib/paths.ts";
import type { PageUrl } from "./lib/url.ts";

/** Groups of the sidebar, in order. A branch stands above its screens, as in the page's menu. */
export const NAV_GROUPS = [
  { id: "start" },
  { id: "activity", heading: "Analytics", branch: "Activity" },
  { id: "inventory", heading: "Inventory" },
  { id: "system", heading: "System" },
] as const satisfies readonly { id: string; heading?: string; branch?: string }[];

interface ScreenLine {
  /** Where links to it lead. */
  readonly path: string;
  /** Which paths it shows; its own alone if left out. */
  readonly shows?: (path: string) => boolean;
  readonly title: string;
  /** What the browser's tab says, where the title alone says too little. */
  readonly titleOf?: (url: PageUrl) => string;
  /** Its place in the sidebar; none: it is reached from other screens. */
  readonly nav?: {
    readonly group: (typeof NAV_GROUPS)[number]["id"];
    readonly Icon: ComponentType<IconProps>;
    /** Goes there after `g`. */
    readonly key?: string;
  };
  /** For those who may see what the whole installation knows of itself; left out: for everybody. */
  readonly isForAudit?: true;
  /** What of the global bar it has use for: query bar and time, time alone, or nothing. */
  readonly asks: "traffic" | "time" | "nothing";
  /** Its code, which is loaded when it is opened. */
  readonly load: () => Promise<ComponentType>;
}

export interface Screen extends ScreenLine {
  readonly Component: LazyExoticComponent<ComponentType>;
}

const LINES: readonly ScreenLine[] = [
  {
    path: OVERVIEW_PATH,
    title: "Overview",
    nav: { group: "start", Icon: IconLayoutDashboard, key: "o" },
    asks: "traffic",
    load: async () => (await import("./routes/overview.tsx")).OverviewRoute,
  },
  {
    path: TRAFFIC_LOGS_PATH,
    title: "Traffic Logs",
    nav: { group: "activity", Icon: IconList, key: "l" },
    asks: "traffic",
    load: async () => (await import("./routes/traffic-logs.tsx")).TrafficLogsRoute,
  },
  {
    path: MAP_PATH,
    title: "Map",
    nav: { group: "activity", Icon: IconTopologyStar3, key: "m" },
    asks: "traffic",
    load: async () => (await import("./routes/map.tsx")).MapRoute,
  },
  {
    path: ANALYZE_PATH,
    title: "Analyze",
    nav: { group: "activity", Icon: IconChartHistogram, key: "z" },
    asks: "traffic",
    load: async () => (await import("./routes/analyze.tsx")).AnalyzeRoute,
  },
  {
    path: "/entity",
    shows: (path) => readEntityPath(path) !== null,
    title: "Not named",
    titleOf: ({ params }) => params.get("name") || "Not named",
    asks: "traffic",
    load: async () => (await import("./routes/entity.tsx")).EntityRoute,
  },
  {
    path: NODES_PATH,
    title: "Nodes",
    nav: { group: "inventory", Icon: IconServer2, key: "n" },
    asks: "time",
    load: async () => (await import("./routes/nodes.tsx")).NodesRoute,
  },
  {
    path: USERS_PATH,
    title: "Users",
    nav: { group: "inventory", Icon: IconUsers, key: "u" },
    asks: "time",
    load: async () => (await import("./routes/users.tsx")).UsersRoute,
  },
  {
    path: NETWORKS_PATH,
    title: "Networks",
    nav: { group: "inventory", Icon: IconNetwork, key: "w" },
    asks: "time",
    load: async () => (await import("./routes/networks.tsx")).NetworksRoute,
  },
  {
    path: ALERTS_PATH,
    title: "Alerts",
    isForAudit: true,
    nav: { group: "system", Icon: IconBell, key: "a" },
    asks: "nothing",
    load: async () => (await import("./routes/alerts.tsx")).AlertsRoute,
  },
  {
    path: HEALTH_PATH,
    title: "Health",
    isForAudit: true,
    nav: { group: "system", Icon: IconHeartbeat, key: "h" },
    asks: "nothing",
    load: async () => (await import("./routes/health.tsx")).HealthRoute,
  },
  {
    path: SETTINGS_PATH,
    title: "Settings",
    isForAudit: true,
    nav: { group: "system", Icon: IconSettings, key: "s" },
    asks: "nothing",
    load: async () => (await import("./routes/settings.tsx")).SettingsRoute,
  },
];

export const SCREENS: readonly Screen[] = LINES.map((line) => ({
  ...line,
  Component: lazy(async () => ({ default: await line.load() })),
}));

/** The screen of a path; null: there is none. */
export function screenAt(path: string): Screen | null {
  if (path === "/") return SCREENS[0] ?? null;
  return SCREENS.find((screen) => screen.shows?.(path) ?? screen.path === path) ?? null;
}

/** Those that there are for somebody. */
export function screensFor({ mayAudit }: { mayAudit: boolean }): readonly Screen[] {
  return SCREENS.filter(({ isForAudit }) => mayAudit || isForAudit === undefined);
}
