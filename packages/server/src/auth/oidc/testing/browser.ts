/** As much of a browser as signing in needs: cookies, redirects that are followed one by one, and forms. */

export interface Page {
  readonly status: number;
  readonly url: string;
  /** Where it sends people. */
  readonly location: string | null;
  readonly text: string;
  readonly setCookie: readonly string[];
}

export class Browser {
  /** By origin. */
  readonly cookies = new Map<string, Map<string, string>>();

  async open(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    const { origin } = new URL(url);
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie, ...(form && { origin }) },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    const setCookie = response.headers.getSetCookie();
    for (const one of setCookie) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(one) ?? [];
      if (value === "" || /expires=Thu, 01 Jan 1970/i.test(one)) jar.delete(name);
      else jar.set(name, value);
    }
    const location = response.headers.get("location");
    const to = location === null ? null : new URL(location, url).href;
    return { status: response.status, url, location: to, text: await response.text(), setCookie };
  }

  /** Follows redirects until a page, or an address that `until` is for. */
  async follow(url: string, until: (url: string) => boolean = () => false): Promise<Page> {
    for (let at = url; ; ) {
      const page = await this.open(at);
      if (page.location === null || until(page.location)) return page;
      at = page.location;
    }
  }

  /** Signs in at the provider, and agrees to what it asks. @returns the address that it sends people back to */
  async signIn(url: string, name: string, isCallback: (url: string) => boolean): Promise<string> {
    let page = await this.follow(url, isCallback);
    while (page.location === null) {
      const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1];
      if (prompt === undefined) throw new Error(`the provider shows no form: ${page.status} ${page.text}`);
      const sent = await this.open(page.url, { prompt, login: name, password: "any" });
      if (sent.location === null) throw new Error(`the provider did not take the form: ${sent.status} ${sent.text}`);
      page = isCallback(sent.location) ? sent : await this.follow(sent.location, isCallback);
    }
    return page.location;
  }
}
