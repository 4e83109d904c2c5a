import "./ui/mantine.ts";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { screenAt } from "./screens.ts";

const root = document.getElementById("root");
if (root !== null) {
  // Its code comes while the server is asked who looks. What goes wrong with it is told where it is shown.
  screenAt(window.location.pathname)
    ?.load()
    .catch(() => {});
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
