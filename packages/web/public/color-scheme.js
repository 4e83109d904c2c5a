// Runs before the first paint, as a file of its own because the page's Content-Security-Policy forbids inline scripts:
// a dark page must not flash white. The key and the attribute are Mantine's.
(() => {
  const stored = localStorage.getItem("mantine-color-scheme-value");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.setAttribute("data-mantine-color-scheme", stored === "light" || stored === "dark" ? stored : system);
})();
