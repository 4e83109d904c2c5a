/** Which passwords are refused: those that are guessed first. No rules about kinds of characters (NIST SP 800-63B §5.1.1.2). */
import { AuthError } from "./errors.ts";

export const MIN_PASSWORD = 12;
/** More would be work for the asking. */
export const MAX_PASSWORD = 256;
/** Of different characters. */
const MIN_DIFFERENT = 5;

/** The commonest of twelve characters and more, and what they are made of; without the digits and signs around them. */
const COMMON: ReadonlySet<string> = new Set(
  `password passwort motdepasse contrasena wachtwoord passwordpassword mypassword thepassword newpassword admin administrator
  adminadmin adminadminadmin adminpassword rootpassword rootroot userpassword testtesttest testpassword changeme changemenow
  pleasechangeme changethispassword letmein letmeinnow iloveyou iloveyouforever iloveyousomuch welcome welcomewelcome welcomeback
  qwerty qwertyuiop qwertyuiopas qwertyqwerty asdfghjkl asdfghjklqwe qwertyuiopasdfghjkl zxcvbnm qazwsxedc qazwsxedcrfv
  qwertzuiop azertyuiop sunshine princess football baseball superman batman dragon monkey shadow master michael computer internet
  abc abcdef abcdefgh abcdefghijkl abcdefghijklmnop trustno correcthorsebatterystaple unbelievable
  flowtrail flowtrailadmin flowtrailpassword netmaker wireguard`.split(/\s+/),
);

/** @throws AuthError WEAK_PASSWORD */
export function checkPassword(password: string, name: string): void {
  const problem = problemOf(password.normalize("NFKC"), name);
  if (problem !== null) throw new AuthError({ code: "WEAK_PASSWORD" }, `the password ${problem}`);
}

function problemOf(password: string, name: string): string | null {
  const characters = [...password];
  if (characters.length < MIN_PASSWORD) return `has ${characters.length} characters: at least ${MIN_PASSWORD} are needed`;
  if (characters.length > MAX_PASSWORD) return `has more than ${MAX_PASSWORD} characters`;
  const plain = password.toLowerCase();
  const core = stripped(plain);
  if (new Set(plain).size < MIN_DIFFERENT || isRepeated(plain) || isRun(plain))
    return "is the same again and again, or a row of neighbours: it would be guessed soon";
  if (COMMON.has(plain) || COMMON.has(core) || COMMON.has(core.replaceAll(/[^a-z]/g, "")) || core.length < 4)
    return "is one of those that are tried first";
  const names = [name.toLowerCase(), name.toLowerCase().split("@", 1)[0] ?? ""].filter((part) => part.length > 2);
  if (names.some((part) => plain === part || core === stripped(part) || isMadeOf(plain, part)))
    return "is hardly more than the account's name";
  return null;
}

const LEET: Readonly<Record<string, string>> = { "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s" };

/** Without digits and signs at its ends, and with letters for the signs that stand for them within. */
function stripped(text: string): string {
  const core = text.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  return core.replaceAll(/[013457@$]/g, (sign) => LEET[sign] ?? sign);
}

/** `abcabcabcabc` */
function isRepeated(text: string): boolean {
  return /^(.{1,6}?)\1+.{0,2}$/su.test(text);
}

/** `123456789012`, `lkjihgfedcba` */
function isRun(text: string): boolean {
  const steps = [...text].slice(1).map((character, i) => (character.codePointAt(0) ?? 0) - (text.codePointAt(i) ?? 0));
  const most = Math.max(...[1, -1].map((step) => steps.filter((one) => one === step || Math.abs(one) === 9).length));
  return most >= steps.length - 2;
}

/** The name, and so little more that the rest is no password. */
function isMadeOf(text: string, part: string): boolean {
  return text.includes(part) && text.replaceAll(part, "").length < MIN_DIFFERENT;
}
