/** The page's screens. */
export const TRAFFIC_LOGS_PATH = "/traffic-logs";
export const HEALTH_PATH = "/health";
