import "./ui/mantine.ts";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { TRAFFIC_LOGS_PATH } from "./lib/paths.ts";
import { columnsInQuery } from "./lib/single-columns.ts";
import { navigate } from "./lib/url.ts";
import { screenAt } from "./screens.ts";

const { pathname, search } = window.location;
const inQuery = pathname === TRAFFIC_LOGS_PATH ? columnsInQuery(new URLSearchParams(search)) : null;
if (inQuery !== null) navigate(pathname, inQuery, { replace: true });

const root = document.getElementById("root");
if (root !== null) {
  // Its code comes while the server is asked who looks. What goes wrong with it is told where it is shown.
  screenAt(pathname)
    ?.load()
    .catch(() => {});
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
