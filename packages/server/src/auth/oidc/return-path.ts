/** Where on the page somebody goes on who signed in. Anything that a browser would take for another site is the page's beginning. */
export function returnPath(asked: string | undefined): string {
  if (asked === undefined || !/^\/(?![/\\])/.test(asked)) return "/";
  const here = "http://here.invalid";
  const url = URL.parse(asked, here);
  if (url === null || url.origin !== here || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search;
}
