/** Streams as other programs wrote them. */
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeBatch } from "./arrow-decode.ts";
import { rowToJson } from "./json.ts";

/**
 * Written by pyarrow 26.0.1: a column of ours after each column of a type that we don't take: lists, structs, maps, unions, run-end encoded,
 * views, decimals, dates, … (all that pyarrow has).
 */
const PYARROW = {
  "three record batches":
    "eNrdWj1sG8kVnv3hmlZ4Z8ZQ7pjAORCICyHQBZQsGypSCMkFOQRXsFACF0EkSqRCnmWKICmbB1zB4goVKVSkUJFChRGocAIVKVSkUOGCCFKoMBIiuOIKF0qQACqEnM6WxbyZ2VkOP+1wl5JyOWSN4fLpffPmvTdvZufjutfr9bJjjI0zdY2xFPNYgiXpG12Wy1y6dT/v9fg9S+3j64zlqZ0kGdunNkntxTXG0tReeIy1qeWp7SUYa1LrUscdahlqLxz6O7U2tXlqxzZjm9TmqaWpdS3GnlJrUnuPWpraZzTmLrVPqHEfnv+71yPHUtznW/7fCCZiIBdYa6FYLTWazCWfn50IbILr5nz/XT9Sfq80Sw/59yRLU3OpMYpf2uNX6nPen1m83zx9zwvZstIkZzRbnhi3ur66SvkhTEvivoa4hMA9LFbp/pMex9jsicTeDMcW1+t0f+RjDyT2evj4zcrDEmOfvuIYR8TLZPzJtJYrGa+wXWiW7s1wOUe4SQ2bDcXemeYjJal5vm5R9nHC/SkXVlcY+xVhNiTuGuL8+Sotk+k/UYwJP/d8/D9qfW6f96e0PH33Hq/XtJi3lKhXcpCyJI2cav2z5/NaWha2UqJ3UlS+7Dvzhej3rXGtn+X7LcdeXX1UKT3mtsqELUq8jbHp9TX/Rb+Ofi3x3zTXrzT/jHD7MWzvaraPJP7t8DwvCbu3XvZ6mZd9u3pd0LJmjfrywtJHzVKD1/9LaZvX0geyTybcdkPYbhGmKXEe5v1Nastr69Vmqd5YWKlUC7RWdgj7ROLfymh421+v48F81Uslvg8R9rnEJ8Jq7lFhdV04Tmvg+FT4bofVfn29ulCqFjmSHb3s5y8n1o51I8w2z0ulRnGQXa7/ucS+mdHqk/s9T20yqJX1Yqna4K6zpljDVoDzy5Q9edWPZ1wbk+umqP2Z9J1X/flCTI7aH1715+lYYsfC6r7RLNSbft17ft1zbziGtmP20/kfspnT8Ljy1Cb8GqG4GrVCXQR2/Fo+G/SYWqfDY9om/W9Oh8e0cdqPqXMavg547a2srj1eqBTZb8kPEb/EpnF9ZYJaWmlQ6bG/EJ77fPt19Bobfy194fmal/jxMF+qpebjtfoD1ibMxxL39bB17j8HClRO7CnhtkVtsDdwDdzX9oVStVmvUHF/SviuweeEWgM8Z6/7dZ0mK0lhJyWktA/H3PMaeFD6iM2d8RrPiL2e9+H9ZR/5LJ2BNcX7FWo1v6Jc/5P2jDNt36Pvm0K23girrf7+2mjW15d5mbIO4Z+dhe9VSX9N1tZESbO9s369nJyZ94ji2sNChR7At/nZp9e3nTXa9sTZwBOZo/mXfb4xZP9erdD54xPCtXvhfui19ZQwO71of58T5qDXP/voz6aJ4JkrhmYuk+c2Oe8ezPv5eAfPQilq1/y9Qc5dj/vI+ufEFH2Tp8SUsMxsV+hmg/yNBXWQ9s+VGf9ZyzUf+H9PsP7lMPOVgfs7ms4CO0zLHfftpt+P9ymvNZrv5sTntPi8Iz5nxOddGedujDgzQZw3g3NjRjs3muJ1YsabhrsH8Yb1tf15FDWTK04Vp2U8h9f1eN4ajMdxRQ2XVSHQU/qWf6LiaP7M3vLk8yw9EJ8cz9J8UtfKkLiScGcjyknIi6qDHOBzgJsDvZJvqXMs6BchrnKQP3m1QN+G/m3wdwP0Jln5vQf6Paj/A9AfwHhd0Jtkhf8M6uwQ8Icw/sCEa3JQtxbMD+BNssrvHOiVrPJTswb9bQG+Bfgd0CtZxb8L9vYAvwf2DgF/ZA3mJ2lD/dqD+izolazyl7MH94hZwM8C/n3QK1kt6zzolaziv2/317SofxvqH+Qa2KuBP21fvuHLm9B/yx7MZwfsdcBeF+wdAv4Q4j0C+QTwJzAfadhQlazykwE5C3glK3uzoFdyMF+gV3JW5Rv0ZbDfBr2S1frZBP0m9N8BvZLVfHRB3wV90oX6dgf1s6BXchA/6JWs8psHvZIz2t+mQrYhFr4tGWUTPurOviKy/SWP50TIVzWedUk9Czk3XUT/VZGtC9SzF+O8a1oDtj+3rn+2Vnm6F6D+7vyDAP90/iVK4LsXXH9WxNgY+wNxmf3EeY2O37Js23FcN6F3b1uDjzG1vbZ9n9oJdcyzxL9z8diwPnR+rmNzU9N3ZsiPhd9958O/LXqx72HjqnzYzOwP5o3Ghxno9cZgXvj3wpL8/j3D+Tw4dw1eAT4qPywkP8PsmmrW1mohMaS2o3BxrjGfJ77j828/k98ncvED9h77ERd+9uPwxg5XfrFmjXD//dvPl5wR7ot//bbgfDHvek2E7T02fI/LKw9j8krnkrwS+TL+XZ0bJsCuiScq/H2wp+Qs8EAGchp4ndqPNmH8LVhP26DfAfs7YF/xwpsRvDADPE7ZP8K8xeR1LEJW+Kw1uK4nAD8B+Flr0A3F+1S+F4FnmXgfyknY2HGjV/a2gNdtA34b8CaeqOLpQPwHgD8AeyZemTId+IDHmXin6p8BXmniobkReaMFvDEFvFCZaYG9FvRvg74N/uwCD9wH/D7wui7ou2Av6Qzay8ADKQO8agJkE89T4+dBnwd9XF4X1Cfot4CXdUCvZPV71gTwqgngZSbepuZ7DvRz0D+Kt5VBXwZ9G/Rt0G+Bfgt4Zwf0HfCvC/que/65MRWD5ziwXV4Uf9n+7JKyyZ53RfYvyhvtEfsbtsUrz9f/m+zExOvvHZwh52gvpI5SiocNYaDWEH/0s+nU9PTM3bt9vWKhyP3UuCtr9V+WivrncB7qGcaNkhUtRU7qDeHm+nPElB/FTk18VNHAYbxqMH+Cbhp5JdDK0HO4zgcM/NEC2QbZUbWEfFh1VHxTf7+s8z4v4IRSvq5zxBC+aMrPZe3q6wJzE4dvmp4HdkzeWgRcB+RJKPRiBKftROgnrdE4sWLDsfnviHx2lDUath6Q28bltS0nHq+1L8lrUxG8NgV8lIGcAp6bAp7LRuS9atwy1G0N8DX43Svu+9IU8GQPeDIDOR3Bk4P3e6DfhfH2QW+SU8Cr1fzGfb/KQFb5PgH7SVhnJtkdkYd7I/JwBrLy731rMP484PNgbxHGLwMvr0H/Gujj8noF2wD8BvyOYHofrPK5C/pdGG8PxtsHuQOyifdngeffgAOsBTw+DTyegazszQJPNr0fTkbwegZycF4BfRn8a4G8AfgNsLcF+i2IZw/0Slb7lun9bjLiAOzC7wAM5OD/mxjeDwfry/A+OHifD/oc6OdAPwfvgxdBvwi/Q9RAX3PO/04/FYNX2SPysCjeZY9o/78tu1/yeKO+v71of+uK5sO5ovn/X8t2TDye38PO6B7ytJC3p1YE7xKklfXfl9oGPqhzVLTrRnAMJnjoYBxD+aYWh3r/GfJ+c2DdJAzjzvjZCHlPacw/V02fmw3BD12QE9hvyTCfKeBoN3w5ODcAf8P+iQva0fnrsHeLlmE9In4T8nYM8mYEDzuO0AfvK+E9ZSQfG5F/MWZ+f8jl/wD3V8Iy",
  "metadata version 4":
    "eNrdWD9sG2UUf3dnO25wWxOF1qBQWaJDhAJy0rTqQKUIikCog4eAOiASJ75gU8e27EvrSh08dMjAkIGBgSFDhTIUlIEhA0OGDhZiyBBBhDpk6BAQlTJENM2/433/fN+9nGO7Aga+6N13797vve+9973vT+y6rpvsBegH1XohBhEIQxTfsBkWhLDbeOa6rE8i3TsFkEbajQKsIg0hPekBiCM9iQDUkdJIK2EAB2kDFZeQEkhPLPyOVEcaR9oxARaQxpHiSBsGwEMkB+k6UhxpE8dcRrqPxHxY/8t10bEY83lAfkMYjwFdgNpEtmhXHQihz492OTbMZGPS/5CMlPV5x55l71GII4WQAOMX9liLPWP6YDC9cXxPc94w4sgnNFsRPm5xrlDA/CCmJnAvUVyY42azRew/chnGhAcC2xeMzc5VsL8tsWsCeyp4fCc/awM83mcYi8cLIv5oXMuViJfbzjj2lVHGpxA3pGGTgdhLI2ykKFJEyiaFjhXsTy5TmAH4EjHzAtdDcXK+7Gk0/RPGGJa5Z+P/qOlcPO6PPT1y+Qqr1ziftxivV3QQsySMHGj6yeN5tae5rRjXjvLKF7qjz7nea/2aniH9FmMXCrfz9h1mK4fYrMCbNDa9vsafe3X0lcC/2rp+hflHiFvtwPayZntb4M8H53mK2x3Yc93EnmdXrwtc1lCtTE9M3XXsKqv/PWGb1dINoZMItl3ltmuIcQQuQvN+Bmm6NFd07Ep1YiZfzOBaWULsA4E/l9Dwplyv/c35qtg224cQuy7w4aCau50pzHHHcQ3sHHDfzaDar8wVJ+xiliFhe8/LX4qvHeNskG2Wl3wZ40C7TP6pwJ5JaPXJ/B5HGmrWylzWLlaZ6+DwNWw0cbJM4cG+F0+/NiaTDSP9jPLGvjdfFJNC+mHfm6cdge0Nqvuqk6k4su4jsu6ZNwyD2zF8PP4ejB4Ex5VGGpQ1gnFVy5kKD2znUJwNeky1g5NjWkT5NwcnxzR/4MXUOAheB6z2ZgqlOxP5LHyLfvD4BTZO11eiWUszVSw9+AXxzOeLh+3XWP+h8IXla1zg+4N8KdrOnVLlFtQRc0/gXg5a5/IcyGA5wUPELfLagNN0DdzU9gW76FTyWNyPEb/RwuewWgMsZ4deXcfRSpTbiXEuLuE096wGbtl3YeyI1XiC7/VMh+kLHXGWjpI1xfQy5bKsqJB84p5xpO17+L7AeeN0UG15+2vVqcxNszKFBuIfHQXvVVG5JsslXtKwcuTVy+5R6z0iW5rN5PEAvsjuPq5nO9nSdoTfDSI8czj/QueVE/bvQh7vH/cRV3eD/dBr6yFiltz2/q4jZs317j762TTYPHP50Pg9xGVi3iNk3o/H678LxZB65N4g5s5lPoJ3T4zhm7glxrhlMC0uu9rMX2+zDuLyXpmQZy2T3JDfw+A1C1q3BOkvaDKD2AEtd8y3PqnHdHKlqvNWij9H+PMSf47y52UR53IHcSaacfY1740J7d7YKl6rw3jjpI+QeIN0TTmPvGZS2eHsiIgn0avHc84fj2XxGs5FoXlKD8gbFUOzM7sREedZnPhhavEa2vf8CXENyD5JvifJ/F4ldseI/iSpgzqxVyd2Voh8hdjbIHneJONvNfMn2i6N2yADGCReyfcpvwhe8SnJ5wy/2bLhz8880Z8n4y0ReSte4RuGP/41gl8j428R/7YNf74HTf/8fGj67bXiVX5vErniVX7miVzxyv8FIl8g+qtErniVj01ib4vgt4i9BFmQilf6SYvUN8FfJfI0kSte7QeTln8PyRG84tU6aRB5K17lf8Pyz+8mGX/b8vYAvh4IXh0sio+G/OMpXvmXk/xZydeIfj3kz/cysbdM7MXDfntJckAovjkfhE8TfJrIc0SueOXf14RvEHyD2NskcsWreMYifrniV0G7fOqth5ybRK54Nd+DRD5I9MeIXPEqvjKRl4l8kcgXiXyNyBWv4k9F/XLFq/WaJnLFJ7Rvw+T8ghN4o42c8ibhrS71ux3vRe3F/iH7nfJWG/5F9Y02+Ycu5f83PtIhnt4pLe0Oqb6b2t0yLOkasRl014YO7tsQfG1qzrPlP06O3YNNzeewJh8eGRm9jPavNNG/W38g8E/rKTf5ZkBeVAwx7Z42U6p8bmf1Z7C/7fhrAd9139vF005+i7fWuGtt6kTtC30t/s9qP4+GYZqWFQqF9ZOsLuOvy/VXt/zHeT2srusG/zuWN7NFHYQ7zEtqeOTSKPo38d0bX/w2Gem4D/JHXwut/KT+4Pgk867be5w3CG8S3iJ8iPBhk6xbmh/lU2ZKfHtb+50jqLEBa7War15qvHm/E9dUk/VT09pZySv9mr81x2833xAQz3/pZ6v9UZ9n/b3VftntPndSfQV973Rcsn1Bg/BDZANbIPyOAV21bBt5o418qM14C23knfjbK3/vuSB/R5Mr9h0Yg3fhOrzPmE8+CCbYmvmsZHTRf39+fcrqop/89XX+202Hvb73wL/Ad3NO6e+u+H0b/gYIY+bV",
};
/** Written by pyarrow 26.0.1 with `emit_dictionary_deltas`. */
const DELTAS =
  "eNrVUjsOwjAMfWnTj1CEMiDUsQdhYGDkEgUWBmCFGzByDEZGbhccJwUaaCkbWHJd5/nzbNkYY04ANKwMoJAiQU5/JEJCkrlSjLWCdMSxBUWkyCha04vLFYnFZqQlqYSTlHS121TrLSgnZ8R+FayvSDP2bYEpo64ntTRn3w8cP/LMFOcikowVHneMXe16loIipUfm/j3CQ2K0i/JWe/ucJwL/3Xu1cNbOcWzMMW7OEUueQd+rNHlP3vCOOnjrHjxrrOZ36eIXvfIb8r4zdyNUqmvfoue+88CKgKtomWGJ39xz6P/7Pe8P3+25/LDnuGVXIriDIsDiIC7pcd/W3gBguTbC";
/**
 * Written by ClickHouse 26.7 (`FORMAT ArrowStream` without compression, strings as binary, LowCardinality as dictionary), with columns of
 * types that we don't take.
 */
const CLICKHOUSE =
  "eNrNVj2ME0cUfrte23uWAUOsYEUnZCkSXJFIB6JAEcVFuYKCgoJIVNxt7D283N3a2t0D07lIkTJFyhQUKEKBgoLiKnRKdUWKKygQFUUKKwX1ScHevLfzxjt+nE+ADunGfvv2zfvm/cy8mdk0TdOhA1ADahWoQgmK4OIbNssBh/i7NCV+GukXfFlGqiPtFAD6SNeQGkgvbYDfkFaRGkhDC+BXpDpSB8deRSI7f/+XpsjK5HOe+6ihCWj7LfRexT4XfwDnuZ9iwOcpGlM3xqAbWIsB/kWbhFtQuNOEaTAO3Wf5Ed9E+hkxNxTuBGGajCNby2y/jOSHSRT4MTxH7EDh7Zphl1oR6Z63seUjDxGzhPypwjoyVopv3X8AzihN9wz/84b/KxwrYZOtHiwi9t0Me5TPJaSbiGmO8vgk5iKt7EjFdk3hqgfND/n0oggeIaY3Ojhf4kHi0zTCbbb5u8KW5HrO0RzGSbDpJX6blhBxu4bdpoE9idTqboWJH8Ura0HobQC8QKybxVbHWijhmlQzSdWqZUt/hI2j1kqvGyUkj3E8Ya6OM5+Vg+Lb8OJkJfb9EN93U8JZmZ7m4sebP0DfGNsU6x4nXubIzXaNqldaRXP89jivW3MeSxxr0AP4Y6zi/Gecr7OMsx1EfisJuhTnMsZZS/N5NLG0b/sG+KnCWWoeG1mMNI80pzVeUqqFJZEf1X/oJ/e70Tpn5mTPKufrIsLlEqNxr9DPo/Tg+CnXdnfTC0LqU2fK3oz4yWbk3wtilSr8hbjmpAZA1MD7dURxr210768E7cyzi5oS50cNzaWPeY9Alk+dT7xqZhlsB/TeUPFUJrnrM7LB5xNprnO/DXkrwOxWZV4z9icY7/aMcRoXGnnsOmYeX07nUXCyHPpFmFSGGfd8QcVQMXwsHhL3DcFl/wLzvtBr+Rvmj5nruHcEfkfYGwr90KhzavtCvy/8LfDEfc9yz5rGa/mhXhexAFrWea4K/arQP7Pze4natj2d754Yr2WdzxuhfyPsDYVeyzrfhig+Lev4OkI/S9b4baHXsvY3LIj1EPh9gV9wpvWzZI2/5Uzb7wi8lifxCr2Wz7H8Sui1/NDoOyv2BRwjuXDM4jkqmduAt+OAy3rA+Q54mQZ8nA1KzMvM+S4azDE3z9MC3w9FvovKfM/MGd+QDutcjq3K3yR0Rp4x9m9nsXOxc2n6qX19CNmW/uVJk98TSF8gfcX32QWkb5EuI31nnF/+nciP4yDM2KcIbGckJl7IlpBtIReE7Ai5KOSSkMtCdoU8t/Tk67uvV0twVFyfU0fF39r5zWxnFVbMvlB1VVmTn2p/2u/f84fVZWXG/W+Lc8D8HtW1pL+D9PcUGLX+Oex9TD79Sfv0+fgYvDdpnyd/76fWIf+8XkDcl8dFTtV3OPwPGsOEpg==";

const inflated = (text: string): Uint8Array => inflateSync(Buffer.from(text, "base64"));

describe("pyarrow", () => {
  it.each(Object.entries(PYARROW))("%s", (_, text) => {
    const { batch } = decodeBatch(inflated(text), { maxRows: 6 });
    const rows = Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row));
    const names = ["host-0", null, "host-2", "host-3", "host-4", "host-5"];
    expect(rows.map((row) => [row.domain, row.app, row.network])).toEqual(names.map((name) => [name, name, name]));
    expect(rows.map((row) => row.flow_id)).toEqual(names.map((_, i) => String(2n ** 63n + BigInt(i))));
    expect(rows.map((row) => row.src_ip)).toEqual(names.map((_, i) => `10.0.0.${i}`));
    expect(rows.map((row) => row.src_port)).toEqual([null, 1001, 1002, null, 1004, 1005]);
    expect(rows.map((row) => row.src_bytes)).toEqual([null, 1, 2, 3, null, 5]);
    expect(rows.map((row) => row.counters_final)).toEqual([null, false, false, true, null, false]);
    expect(new Set(rows.map((row) => row.start))).toEqual(new Set(["2026-11-22T09:51:00.123Z"]));
  });

  it("a dictionary that grows and one that replaces it", () => {
    const { batch } = decodeBatch(inflated(DELTAS), { maxRows: 7 });
    const domains = Array.from({ length: batch.length }, (_, row) => batch.columns.domain.get(row));
    expect(domains).toEqual(["a", "b", "c", "a", "x", null, "y"]);
  });
});

it("ClickHouse", () => {
  const { batch } = decodeBatch(inflated(CLICKHOUSE), { maxRows: 10 });
  const rows = Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row));
  for (const [i, row] of rows.entries()) {
    expect(row).toMatchObject({
      flow_id: String(2n ** 63n + BigInt(i)),
      revision: i,
      domain: `h${i % 3}`,
      network: "n",
      direction: i % 2 === 1 ? "ingress" : "egress",
      src_ip: i === 0 ? "fd00::" : `fd00::${i}`,
      src_port: i % 4 === 0 ? null : i,
      start: "2026-11-22T09:51:00.123Z",
      last_seen: "1970-01-01T00:00:01.000Z",
      estimated: i % 2 === 1,
    });
  }
  expect(rows.length).toBe(10);
});
