/**
 * What a value looks like: the judgements of the text guard's rules. Each is pure, costs a bounded number of steps, and
 * never throws.
 */

/** What `accept` may look at: about 100 characters on either side, masks included. */
export type GuardContext = {
  readonly value: string;
  /** What the first group matched, such as `password: `. */
  readonly label: string;
  readonly before: string;
  readonly after: string;
};

/** Words that stand after `password:` in forms, logs and sentences and are not one. */
const NO_SECRET = new Set(
  (
    "null none nil undefined true false yes no required optional empty blank incorrect wrong invalid expired expires changed " +
    "reset failed failure failing fails error unknown missing set unset not is was are the a an for from to of in on at by and or must can cannot should " +
    "will may policy protected disabled enabled ok string varchar text char hidden masked redacted removed omitted encrypted " +
    "hashed plaintext prompt please enter your my last login auth authentication authorization accepted rejected denied " +
    "ask see check same default n/a na tbd todo here below above attached file length size count type name field value " +
    "siehe falsch fehlt vergessen ungültig unbekannt oublié incorrecta incorrecto"
  ).split(" "),
);
const PLACEHOLDER = /^(?:[*x•·.\-_#?]+|\$[{(A-Za-z_].*|<.*|\{+.*|%[\w{(%].{0,40}|&lt;.*|\([a-z ]+\)?|\.\.\..*|…+)$/i;
const VALUE_CHARS_CHECKED = 100;
const ALGORITHM = /^(?:sha-?\d+|md5|aes-?\d*|rsa-?\d*|utf-?\d+|base-?64|bcrypt|hmac.*|oauth-?\d?(?:\.\d)?)$/i;

/** Whether a value only stands for a secret: stars, an angle-bracketed name, a variable. Pure. */
export function isPlaceholder(value: string): boolean {
  // A placeholder is short. This also keeps the expressions below, which are quadratic, off long values.
  if (value.length > VALUE_CHARS_CHECKED) return false;
  const bare = value.replace(/["'`,;.:!?)\]}]+$/, "");
  return bare === "" || NO_SECRET.has(bare.toLowerCase()) || PLACEHOLDER.test(bare) || ALGORITHM.test(bare);
}

/** A word of a sentence is letters only; a password in a sentence has something that words have not. */
export function isUnlikeAWord(value: string): boolean {
  const bare = value.slice(0, VALUE_CHARS_CHECKED).replace(/["'`,;.:!?)\]}]+$/, "");
  if (bare.length < 4 || isPlaceholder(value)) return false;
  return /[0-9@#$%^&*+=!~]/.test(bare) || /[a-z][A-Z]/.test(bare);
}

/** Whether a word mixes letters, digits and signs as passwords must. Pure. */
export function isStrongPassword(value: string): boolean {
  const bare = value.slice(0, VALUE_CHARS_CHECKED).replace(/[,;.:)\]}]+$/, "");
  if (bare.length < 6 || isPlaceholder(value) || /^[^@\s]+@[\w-]+(?:\.[\w-]+)+$/.test(bare)) return false;
  return /[A-Za-z]/.test(bare) && /\d/.test(bare) && /[@#$%^&*!~+=_]/.test(bare) && !/[/\\:=]/.test(bare);
}

/** Opaque: long, with letters and digits, and no dotted name, path or address. */
export function isOpaque(value: string, charsMin: number): boolean {
  if (value.length < charsMin || isPlaceholder(value)) return false;
  return (
    /[A-Za-z]/.test(value) &&
    /\d/.test(value) &&
    !/^(?:https?:|\/|\.|~|[a-z]+(?:[-_.][a-z]+)+[-_.]?\d{0,4}$)/i.test(value)
  );
}

/** `Bearer abc123`, not `Bearer <token>` or `Basic auth is required`. */
export function isSchemeWithCredentials(value: string): boolean {
  const credentials = /^\S+[ \t]+(\S.*)$/.exec(value)?.[1];
  return credentials !== undefined && !isPlaceholder(credentials) && /\d|[=/+]|^\S{16,}/.test(credentials);
}

/** Whether a value decodes to `name:password`. Pure. */
export function isBasicCredentials(value: string): boolean {
  const bare = value.replace(/=+$/, "");
  if (bare.length % 4 === 1) return false;
  try {
    return /^[\x20-\x7e]{1,}:[\x20-\x7e]*$/.test(atob(bare));
  } catch {
    return false;
  }
}

const KEY_WORD =
  /(?<![A-Za-z])(?:ak|sk|ak[/_-]?sk|access(?:[ _-]?key)?(?:[ _-]?id)?|secret(?:[ _-]?access)?(?:[ _-]?key)?|credentials?|obsutil|hw_access_key|hw_secret_key)(?![A-Za-z])|accesskey|secretkey|access_key|secret_key|密钥|秘钥|访问键|凭证/i;

/** Whether a word about keys stands close by. Pure. */
export function isNearKeyWord({ before, after }: GuardContext): boolean {
  return KEY_WORD.test(before.slice(-80)) || KEY_WORD.test(after.slice(0, 25));
}

/** Whether a value is a Huawei access key id in its context. Pure. */
export function isAccessKey(context: GuardContext): boolean {
  const { value } = context;
  return /[A-Z]/.test(value) && /\d/.test(value) && !/^TT\d+$/.test(value) && isNearKeyWord(context);
}

/** Whether a value is a secret access key in its context. Pure. */
export function isSecretKey(context: GuardContext): boolean {
  const { value } = context;
  if (/^[0-9a-f]+$/i.test(value)) return false; // a SHA-1
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value) && isNearKeyWord(context);
}

const COUNTED =
  /(?:(?:offset|size|bytes|lsn|xid|seq)["']?[ \t]|(?:bytes?|size|len|length|mem|memory|total|used|free|avail|offset|limit|capacity|heap|id|pid|tid|uid|seq|index|inode|nanos|ns|us|ms|time|timestamp|ts|epoch|count|num|version|rev|revision|port|hash|xid|lsn|txid|zxid)["']?[ \t]{0,3}[:=])[ \t]{0,3}["']?$/i;
const UNIT =
  /^[ \t]{0,2}(?:(?:bytes?|[kmgt]i?b|[kmgt]?bps|[kmgt]?hz|ns|us|ms|rows?|records?|pages?|messages?|times)\b|字节|条|毫秒)/i;

/** Whether digits are a phone number in China in their context. Pure. */
export function isPhone({ value, before, after }: GuardContext): boolean {
  if (UNIT.test(after) || /0{7}$/.test(value)) return false;
  if (COUNTED.test(before.slice(-40))) return false;
  const digits = Number(value.replace(/\D/g, "").slice(-11));
  return digits % 65_536 !== 0; // 17179869184 is 16 GiB
}

/** Whether digits are a phone number with a country code in their context. Pure. */
export function isInternationalPhone(context: GuardContext): boolean {
  const { value, before } = context;
  const digits = value.replace(/\D/g, "");
  if (digits.length < 8 || digits.length > 15) return false;
  if (
    /(?:GMT|UTC)\s?$/i.test(before) ||
    /(?:19|20)\d\d[-.]\d\d/.test(value) ||
    /\d\.\d+\.\d+\.\d/.test(value.replace(/^\+\d{1,3}[ .]/, ""))
  )
    return false;
  if (/^\+\d+$/.test(value) && digits.length < 10) return false;
  return isPhone(context);
}

const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** GB 11643: birth date inside, and a check character by ISO 7064 MOD 11-2. */
export function isIdentityNumber(value: string): boolean {
  const id = value.replace(/[ -]/g, "").toUpperCase();
  const month = Number(id.slice(10, 12));
  const day = Number(id.slice(12, 14));
  if (!/^[1-9]\d{5}(?:19|20)/.test(id) || month < 1 || month > 12 || day < 1 || day > 31) return false;
  const sum = ID_WEIGHTS.reduce((total, weight, index) => total + weight * Number(id[index]), 0);
  return "10X98765432"[sum % 11] === id[17];
}

/** Further lines that hold nothing but base64. */
export function endOfBase64Lines(text: string, end: number): number {
  const lines =
    /(?:[A-Za-z0-9+/=]{0,200}\n[ \t>]{0,20}(?=[A-Za-z0-9+/=]{16,200}[ \t]{0,20}(?:\n|$))){0,400}[A-Za-z0-9+/=]{0,200}/y;
  lines.lastIndex = end;
  return end + (lines.exec(text)?.[0].length ?? 0);
}

/** From `-----BEGIN` to its end line, or over the lines that look like a key when the end was cut off. */
export function endOfKeyBlock(text: string, end: number): number {
  // Only up to the next block: many cut-off blocks must not each search the whole text.
  const next = text.indexOf("-----BEGIN", end);
  const block = next === -1 ? text : text.slice(0, next);
  const stop = block.indexOf("-----END", end);
  if (stop !== -1) {
    const close = block.slice(stop + 8, stop + 100).indexOf("-----");
    return close === -1 ? stop + 8 : stop + 8 + close + 5;
  }
  const lines = /(?:[ \t>|]{0,20}(?:[A-Za-z0-9+/=]{8,200}|[\w-]{1,30}: [^\n]{0,100})?[ \t]{0,20}(?:\n|$)){0,200}/y;
  lines.lastIndex = end;
  return end + (lines.exec(text)?.[0].length ?? 0);
}

/** The rest of a token that is longer than the expression looks. */
export function endOfToken(text: string, end: number): number {
  const rest = /[A-Za-z0-9._~+/=-]*/y;
  if (!/[A-Za-z0-9_~+/-]/.test(text[end] ?? "")) return end;
  rest.lastIndex = end;
  return end + (rest.exec(text)?.[0].length ?? 0);
}

/** Header values such as IAM tokens take thousands of characters: all up to the end of the line or a quote. */
export function endOfHeader(text: string, end: number): number {
  const rest = /[^\n"']*/y;
  rest.lastIndex = end;
  return end + (rest.exec(text)?.[0].length ?? 0);
}

/** Twenty capitals and digits, as Huawei's access keys are. */
export function isAccessKeyShape(value: string): boolean {
  return /^[A-Z0-9]{20}$/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}

/** Forty letters of both cases and digits, as Huawei's secret keys are; no hash looks so. */
export function isSecretKeyShape(value: string): boolean {
  return /^[A-Za-z0-9+/]{40}$/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}

const WORD_ENDING =
  /(?:ed|ing|able|ible|ive|ary|ory|ent|ant|ous|al|ly|ful|less|ion|ic|where|thing|one|body|time|self|es|er|y)$/i;

/** Letters only, too long and too odd for the word that stands after "the password is". */
export function isPassphraseInProse(value: string): boolean {
  const bare = value.replace(/["'`,;.:!?)\]}]+$/, "");
  if (!/^[A-Za-z]{10,64}$/.test(bare) || isPlaceholder(bare)) return false;
  return bare.length >= 17 || !WORD_ENDING.test(bare);
}

/** Base64 of printable text. Six characters of text are the least that is looked at. */
export function isBase64OfText(value: string): boolean {
  if (value.length < 8 || value.length > 4096) return false;
  const bare = value.replace(/=+$/, "");
  if (bare.length % 4 === 1 || !/^[A-Za-z0-9+/]+$/.test(bare)) return false;
  try {
    return /^[\x20-\x7e\n]+$/.test(atob(bare)) && (/[A-Z]/.test(bare) || value.endsWith("=")) && /[a-z]/.test(bare);
  } catch {
    return false;
  }
}

/** Modulus 10 of bank cards (ISO/IEC 7812). */
export function isBankCard(value: string): boolean {
  const digits = value.replace(/[ -]/g, "");
  if (!/^[3-6]\d{12,18}$/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Check digits of an IBAN (ISO 13616). */
export function isIban(value: string): boolean {
  const bare = value.replace(/ /g, "");
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(bare)) return false;
  let rest = 0;
  for (const char of bare.slice(4) + bare.slice(0, 4)) {
    const digits = Number.parseInt(char, 36).toString();
    for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

const HONG_KONG_LETTER_VALUE = (letter: string): number => letter.charCodeAt(0) - 55;

/** A Hong Kong identity card with its check digit in brackets: `A123456(3)`. */
export function isHongKongId(value: string): boolean {
  const match = /^([A-Z]?)([A-Z])(\d{6})[(（]?([0-9A])[)）]?$/.exec(value);
  if (match === null) return false;
  const [, first = "", second = "", digits = "", check = ""] = match;
  const values = [first === "" ? 36 : HONG_KONG_LETTER_VALUE(first), HONG_KONG_LETTER_VALUE(second), ...digits];
  const sum = values.reduce<number>((total, one, index) => total + Number(one) * (9 - index), 0);
  return (sum + (check === "A" ? 10 : Number(check))) % 11 === 0;
}

/** An identity number of before 1999: 15 digits with a birth date. Only its label tells it from other numbers. */
export function isOldIdentityNumber(value: string): boolean {
  const id = value.replace(/[ -]/g, "");
  const month = Number(id.slice(8, 10));
  const day = Number(id.slice(10, 12));
  return /^[1-9]\d{14}$/.test(id) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
