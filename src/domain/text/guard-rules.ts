/**
 * The built-in rules of the text guard.
 *
 * Each expression has two groups, what stands before the value (kept) and the value (masked); `accept` decides from
 * the surroundings. Two habits keep them linear: a run of characters is only tried from its start (a look-behind on
 * the same class), and every repetition has an upper bound, so that one start costs a constant at most; a value that goes
 * on behind the bound is followed by `endOf`, one pass. A test reads the expressions and says where that is not so.
 *
 * Libraries were looked at first. gitleaks and trufflehog keep the best lists of token shapes, but are Go programs, not
 * packages; the vendors' shapes below follow gitleaks' public rules. secretlint (`@secretlint/secretlint-rule-preset-recommend`)
 * is well kept on npm, but it works on files, asynchronously, knows no passwords in prose, no people and nothing of
 * Huawei, and this folder takes no packages, since a text must be guarded before anything else touches it. `redact-pii`
 * masks names and any long number, which would make logs useless; detect-secrets is Python and goes by entropy, which
 * hashes and ids have as well. So the shapes are taken from where they are kept, and the judgement is made here.
 */

/** What `accept` may look at: about 100 characters on either side, masks included. */
export type GuardContext = {
  readonly value: string;
  /** What the first group matched, such as `password: `. */
  readonly label: string;
  readonly before: string;
  readonly after: string;
};

/** One rule. `regex` has the flag `g`. `whole`: the match itself is the value. `endOf` may move the end of an accepted value. */
export type GuardRule = {
  readonly name: string;
  readonly regex: RegExp;
  readonly whole?: boolean;
  readonly accept?: (context: GuardContext) => boolean;
  readonly endOf?: (text: string, end: number) => number;
};

const PASSWORD = "password";
const TOKEN = "token";
const ACCESS_KEY = "access key";
const SECRET_KEY = "secret key";
const PHONE = "phone number";
const IDENTITY = "identity number";

/** Words that stand after `password:` in forms, logs and sentences and are not one. */
const NO_SECRET = new Set(
  (
    "null none nil undefined true false yes no required optional empty blank incorrect wrong invalid expired expires changed " +
    "reset failed failure failing fails error unknown missing set unset not is was are the a an for from to of in on at by and or must can cannot should " +
    "will may policy protected disabled enabled ok string varchar text char hidden masked redacted removed omitted encrypted " +
    "hashed plaintext prompt please enter your my last login auth authentication authorization accepted rejected denied " +
    "ask see check same default n/a na tbd todo here below above attached file length size count type name field value"
  ).split(" "),
);
const PLACEHOLDER = /^(?:[*x•·.\-_#?]+|\$[{(A-Za-z_].*|<.*|\{+.*|%[\w{(%].{0,40}|&lt;.*|\([a-z ]+\)?|\.\.\..*|…+)$/i;
const VALUE_CHARS_LOOKED_AT = 100;
const ALGORITHM = /^(?:sha-?\d+|md5|aes-?\d*|rsa-?\d*|utf-?\d+|base-?64|bcrypt|hmac.*|oauth-?\d?(?:\.\d)?)$/i;

function isPlaceholder(value: string): boolean {
  // A placeholder is short. This also keeps the expressions below, which are quadratic, off long values.
  if (value.length > VALUE_CHARS_LOOKED_AT) return false;
  const bare = value.replace(/["'`,;.:!?)\]}]+$/, "");
  return bare === "" || NO_SECRET.has(bare.toLowerCase()) || PLACEHOLDER.test(bare) || ALGORITHM.test(bare);
}

/** A word of a sentence is letters only; a password in a sentence has something that words have not. */
function isUnlikeAWord(value: string): boolean {
  const bare = value.slice(0, VALUE_CHARS_LOOKED_AT).replace(/["'`,;.:!?)\]}]+$/, "");
  if (bare.length < 4 || isPlaceholder(value)) return false;
  return /[0-9@#$%^&*+=!~]/.test(bare) || /[a-z][A-Z]/.test(bare);
}

function isStrongPassword(value: string): boolean {
  const bare = value.slice(0, VALUE_CHARS_LOOKED_AT).replace(/[,;.:)\]}]+$/, "");
  if (bare.length < 6 || isPlaceholder(value) || /^[^@\s]+@[\w-]+(?:\.[\w-]+)+$/.test(bare)) return false;
  return /[A-Za-z]/.test(bare) && /\d/.test(bare) && /[@#$%^&*!~+=_]/.test(bare) && !/[/\\:=]/.test(bare);
}

/** Opaque: long, with letters and digits, and no dotted name, path or address. */
function isOpaque(value: string, charsMin: number): boolean {
  if (value.length < charsMin || isPlaceholder(value)) return false;
  return (
    /[A-Za-z]/.test(value) &&
    /\d/.test(value) &&
    !/^(?:https?:|\/|\.|~|[a-z]+(?:[-_.][a-z]+)+[-_.]?\d{0,4}$)/i.test(value)
  );
}

/** `Bearer abc123`, not `Bearer <token>` or `Basic auth is required`. */
function isSchemeWithCredentials(value: string): boolean {
  const credentials = /^\S+[ \t]+(\S.*)$/.exec(value)?.[1];
  return credentials !== undefined && !isPlaceholder(credentials) && /\d|[=/+]|^\S{16,}/.test(credentials);
}

function isBasicCredentials(value: string): boolean {
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

function isNearKeyWord({ before, after }: GuardContext): boolean {
  return KEY_WORD.test(before.slice(-80)) || KEY_WORD.test(after.slice(0, 25));
}

function isAccessKey(context: GuardContext): boolean {
  const { value } = context;
  return /[A-Z]/.test(value) && /\d/.test(value) && !/^TT\d+$/.test(value) && isNearKeyWord(context);
}

function isSecretKey(context: GuardContext): boolean {
  const { value } = context;
  if (/^[0-9a-f]+$/i.test(value)) return false; // a SHA-1
  return /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value) && isNearKeyWord(context);
}

const COUNTED =
  /(?:(?:offset|size|bytes|lsn|xid|seq)["']?[ \t]|(?:bytes?|size|len|length|mem|memory|total|used|free|avail|offset|limit|capacity|heap|id|pid|tid|uid|seq|index|inode|nanos|ns|us|ms|time|timestamp|ts|epoch|count|num|version|rev|revision|port|hash|xid|lsn|txid|zxid)["']?[ \t]{0,3}[:=])[ \t]{0,3}["']?$/i;
const UNIT =
  /^[ \t]{0,2}(?:(?:bytes?|[kmgt]i?b|[kmgt]?bps|[kmgt]?hz|ns|us|ms|rows?|records?|pages?|messages?|times)\b|字节|条|毫秒)/i;

function isPhone({ value, before, after }: GuardContext): boolean {
  if (UNIT.test(after) || /0{7}$/.test(value)) return false;
  if (COUNTED.test(before.slice(-40))) return false;
  const digits = Number(value.replace(/\D/g, "").slice(-11));
  return digits % 65_536 !== 0; // 17179869184 is 16 GiB
}

function isInternationalPhone(context: GuardContext): boolean {
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
function isIdentityNumber(value: string): boolean {
  const id = value.replace(/ /g, "").toUpperCase();
  const month = Number(id.slice(10, 12));
  const day = Number(id.slice(12, 14));
  if (!/^[1-9]\d{5}(?:19|20)/.test(id) || month < 1 || month > 12 || day < 1 || day > 31) return false;
  const sum = ID_WEIGHTS.reduce((total, weight, index) => total + weight * Number(id[index]), 0);
  return "10X98765432"[sum % 11] === id[17];
}

/** From `-----BEGIN` to its end line, or over the lines that look like a key when the end was cut off. */
function endOfKeyBlock(text: string, end: number): number {
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
function endOfToken(text: string, end: number): number {
  const rest = /[A-Za-z0-9._~+/=-]*/y;
  if (!/[A-Za-z0-9_~+/-]/.test(text[end] ?? "")) return end;
  rest.lastIndex = end;
  return end + (rest.exec(text)?.[0].length ?? 0);
}

/** Header values such as IAM tokens take thousands of characters: all up to the end of the line or a quote. */
function endOfHeader(text: string, end: number): number {
  const rest = /[^\n"']*/y;
  rest.lastIndex = end;
  return end + (rest.exec(text)?.[0].length ?? 0);
}

/** A token that begins with `prefix` and is told by its shape alone. */
function vendorToken(name: string, pattern: string): GuardRule {
  return { name, regex: new RegExp(`((?<![A-Za-z0-9_]))(${pattern})(?![A-Za-z0-9])`, "g") };
}

// A bare value after a label: a run of printable ASCII, since Chinese prose follows a password without a blank.
const BARE = "[!#-&(-;=?-~][!-~]{0,1023}";
const SEPARATOR = String.raw`[ \t]{0,5}(?::=|=>|->|[:=：＝])[ \t]{0,5}`;
const PASSWORD_WORD = "(?:pass(?:words?|wd|phrase|code)|pwd|passw0rd)";
const PASSWORD_ZH = "(?:密码|密碼|口令)";
const SECRET_WORD =
  "(?:secret[ _-]?access[ _-]?key|(?:client|app|api|consumer|shared)?[_-]?secret(?:[ _-]?key)?|(?:access|auth|refresh|id|security|session|private|api|bearer|user|iam|bot|webhook|csrf)[ _-]?token|token|(?:api|account|private|signing|encryption|master|storage|license)[_ -]?key|accountkey|apikey|密钥|秘钥|令牌)";

/** The rules in the order in which they run: what is surest, and what gives the best name, first. */
export const GUARD_RULES: readonly GuardRule[] = [
  {
    name: "private key",
    regex: /()(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)/g,
    endOf: endOfKeyBlock,
  },
  {
    name: "authorization",
    regex:
      /((?:\b(?:proxy-)?authorization|授权头)["']?[ \t]{0,5}[:=：][ \t]{0,5}["']?)((?:bearer|basic|digest|token|negotiate|ntlm|apikey|sdk-hmac-sha256|aws4-hmac-sha256|aws|obs|hmac|v\d-hmac-\w{1,20})[ \t]{1,5}[^\r\n"']{4,4096}|[A-Za-z0-9._~+/=-]{16,4096})/gi,
    accept: ({ value }) => isOpaque(value, 16) || isSchemeWithCredentials(value),
  },
  {
    name: "authorization",
    regex:
      /(\b(?:x-auth-token|x-subject-token|x-security-token|x-api-key|x-amz-security-token|private-token|job-token|x-access-token|set-cookie|cookie)["']?[ \t]{0,5}[:=：][ \t]{0,5}["']?)([^\s"'][^\r\n"']{7,255})/gi,
    accept: ({ value }) => !isPlaceholder(value) && /\d|^[^\s]{24,}/.test(value),
    endOf: endOfHeader,
  },
  {
    name: TOKEN,
    regex: /((?<![A-Za-z0-9_-]))(eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,8192}\.[A-Za-z0-9_-]{0,1024})/g,
    endOf: endOfToken,
  },
  {
    name: TOKEN,
    regex: /((?<![A-Za-z])bearer[ \t]{1,5}["']?)([A-Za-z0-9._~+/-]{12,4096}={0,3})/gi,
    endOf: endOfToken,
    accept: ({ value }) => isOpaque(value, 12),
  },
  {
    name: "authorization",
    regex: /((?<![A-Za-z])basic[ \t]{1,5}["']?)([A-Za-z0-9+/]{6,2048}={0,2})(?![A-Za-z0-9+/])/gi,
    accept: ({ value }) => isBasicCredentials(value),
  },
  vendorToken("AWS key", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
  vendorToken("GitHub token", "(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})"),
  vendorToken("GitLab token", "gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent|oas|ffct)-[A-Za-z0-9_-]{18,255}"),
  vendorToken("Slack token", "(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{10,255}"),
  {
    name: "Slack token",
    regex: /(https:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/)([A-Za-z0-9/_-]{10,255})/g,
  },
  vendorToken(
    "Atlassian token",
    "(?:AT(?:ATT|CTT|STT|OA)[A-Za-z0-9_-]{20,500}(?:=[A-F0-9]{8})?|ATBB[A-Za-z0-9]{24,255})",
  ),
  vendorToken(
    TOKEN,
    "(?:SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}|pypi-AgEI[A-Za-z0-9_-]{40,1024}|gls?a_[A-Za-z0-9]{32}_[a-f0-9]{8}|do[opr]_v1_[a-f0-9]{64}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33}|dapi[a-f0-9]{32}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|lin_api_[A-Za-z0-9]{40}|hf_[A-Za-z]{34}|whsec_[A-Za-z0-9+/]{24,64}|rk_live_[A-Za-z0-9]{16,255}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\\.[A-Za-z0-9_-]{30,2048}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|sk_live_[A-Za-z0-9]{16,255}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,255}|dckr_pat_[A-Za-z0-9_-]{20,255}|hvs\\.[A-Za-z0-9_-]{20,255})",
  ),
  vendorToken("cloud token", "(?:LTAI[A-Za-z0-9]{12,26}|AKID[A-Za-z0-9]{32})"),
  {
    name: ACCESS_KEY,
    regex: /((?<![A-Za-z0-9+_-]))([A-Z0-9]{20})(?![A-Za-z0-9+_-])/g,
    accept: isAccessKey,
  },
  {
    name: SECRET_KEY,
    regex: /((?<![A-Za-z0-9+/]))([A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])/g,
    accept: isSecretKey,
  },
  {
    // Huawei's have no slash, so one may stand beside them: AK/SK.
    name: SECRET_KEY,
    regex: /((?<![A-Za-z0-9+]))([A-Za-z0-9]{40})(?![A-Za-z0-9+=])/g,
    accept: isSecretKey,
  },
  {
    name: PASSWORD,
    regex: /((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/[^\s/?#:@"'<>]{0,100}:)([^\s/?#"'<>]{1,200})(?=@)/g,
    accept: ({ value }) => !/^(?:[*x]+|<.*|\$[{(].*|\{.*)$/i.test(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`(${PASSWORD_WORD}["'\`\\])]?${SEPARATOR}")([^"\\n]{1,300})(?=")`, "gi"),
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`(${PASSWORD_WORD}["'\`\\])]?${SEPARATOR}')([^'\\n]{1,300})(?=')`, "gi"),
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`(${PASSWORD_WORD}["'\`\\])]?${SEPARATOR})(${BARE})`, "gi"),
    accept: ({ value, label }) => !isPlaceholder(value) && !(/pwd/i.test(label) && /^(?:[/~]|[A-Za-z]:\\)/.test(value)),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(\\b${PASSWORD_WORD}(?:[ \\t]{1,3}for[ \\t]{1,3}\\S{1,40}(?:[ \\t]{1,3}\\S{1,40}){0,2}?)?[ \\t]{1,3}(?:is|was|are|equals|set to|changed to|reset to|(?:has been|was|is|were) (?:set|changed|reset) to)[ \\t]{0,3}:?[ \\t]{1,3})(${BARE}|["'“‘\`][^"'”’\`\\n]{1,100})`,
      "gi",
    ),
    accept: ({ value }) => (/^["'“‘`]/.test(value) ? !isPlaceholder(value.slice(1)) : isUnlikeAWord(value)),
  },
  {
    name: PASSWORD,
    // Not /etc/passwd, after which anything may stand.
    regex: new RegExp(`((?<![/\\\\])\\b${PASSWORD_WORD}:?[ \\t]{0,5}\\n?[ \\t]{0,5})(${BARE})`, "gi"),
    accept: ({ value }) => isStrongPassword(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(${PASSWORD_ZH}[ \\t]{0,3}(?:[（(][^（()）\\n]{0,20}[）)])?[ \\t]{0,3}(?:(?:已经?)?(?:改为|改成|重置为|设置为|设为|設為)[:：]?|[是为為][:：]?|[:=：＝])[ \\t]{0,5}["'“”‘’「『]?)(${BARE})`,
      "g",
    ),
    accept: ({ value }) => !isPlaceholder(value) && !/^\d{1,2}(?:[-~到]\d{1,2})?$/.test(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`(${PASSWORD_ZH}[ \\t]{0,5}\\n?[ \\t]{0,5})(${BARE})`, "g"),
    accept: ({ value }) =>
      isStrongPassword(value) || /^(?:\d{6,20}(?![-/:.\d])|(?=[A-Za-z]*\d)[A-Za-z\d]{6,}$)/.test(value),
  },
  {
    // Short labels stand for much else ("pass: 12, fail: 3"), so the value must not look like a word or number.
    name: PASSWORD,
    regex: new RegExp(`((?<![A-Za-z])(?:pass|pw|psw|passwort|kennwort)["'\`]?${SEPARATOR}["'\`]?)(${BARE})`, "gi"),
    accept: ({ value }) => isUnlikeAWord(value) && /[A-Za-z]/.test(value) && value.length >= 6,
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(\\b(?:use|using|with|set|try)[ \\t]{1,3}["'\`]?)([!#-&(-;=?-_a-~]{4,100})(?=["'\`]?[ \\t]{1,3}as[ \\t]{1,3}(?:(?:the|a|my|your|new|initial)[ \\t]{1,3}){0,2}${PASSWORD_WORD})`,
      "gi",
    ),
    accept: ({ value }) => isUnlikeAWord(value),
  },
  {
    name: PASSWORD,
    regex: /(\b(?:requirepass|masterauth|redis-cli\b[^\n]{0,100}?[ \t]-a)[ \t]{1,5}["']?)([^\s"']{3,255})/gi,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex:
      /(\bidentified[ \t]{1,3}(?:with[ \t]{1,3}\S{1,40}[ \t]{1,3})?by[ \t]{1,3}(?:password[ \t]{1,3})?["'`])([^"'`\n]{1,255})/gi,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(\\b${PASSWORD_WORD}[ \\t]{1,3}(?:for[ \\t]{1,3}\\S{1,60}[ \\t]{0,3}=[ \\t]{0,3})?["'\`])([^"'\`\\n]{4,255})(?=["'\`])`,
      "gi",
    ),
    accept: ({ value }) => isUnlikeAWord(value),
  },
  {
    name: PASSWORD,
    regex: /(\bauth[-_]pass[ \t]{1,3}(?:[\w.-]{1,60}[ \t]{1,3})?["']?)([^\s"']{4,255})/gi,
    accept: ({ value }) => isUnlikeAWord(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`(["']${PASSWORD_WORD}["'][ \\t]{0,3}>[ \\t]{0,3})([^<\\n]{1,300})(?=<\\/)`, "gi"),
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`(\\b${PASSWORD_WORD}(?:[ \\t]{1,3}[A-Za-z]{1,12}){1,3}[ \\t]{1,3}is[ \\t]{1,3})(${BARE})`, "gi"),
    accept: ({ value }) => isStrongPassword(value),
  },
  {
    // A variable of a pod: its name stands on the line before.
    name: PASSWORD,
    regex: new RegExp(
      `(\\bname:[ \\t]{0,3}["']?\\w{0,60}(?:${PASSWORD_WORD}|secret|token)["']?[ \\t]{0,5}\\n[ \\t]{0,20}value:[ \\t]{0,3}["']?)([^\\s"']{1,255})`,
      "gi",
    ),
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex:
      /(\b(?:docker|podman|nerdctl|helm)\b[^\n]{0,40}?\blogin\b[^\n]{0,100}?[ \t](?:-p|--password)[ \t]{1,3}["']?)([^\s"'-][^\s"']{2,255})/g,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex:
      /(\becho[ \t]{1,3}(?:-n[ \t]{1,3})?["']?(?:[\w-]{1,32}:)?)([^\s"'|:]{4,100})(?=["']?[ \t]{0,3}\|[ \t]{0,3}(?:sudo[ \t]{1,3})?(?:passwd|chpasswd)\b)/g,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex:
      /((?<![A-Za-z0-9-])--?(?:password|passwd|pass|pwd|secret|token|api-key)[ \t]{1,5}["']?)([^\s"'-][^\s"']{2,255})/gi,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: /(\b(?:mysql(?:dump|admin)?|sshpass|mariadb)\b[^\n]{0,200}?[ \t]-p[ \t]?["']?)([^\s"'-][^\s"']{2,255})/g,
    accept: ({ value, label }) => !isPlaceholder(value) && (!/-p[ \t]["']?$/.test(label) || /sshpass/.test(label)),
  },
  {
    name: PASSWORD,
    regex: /(\bcurl\b[^\n]{0,200}?[ \t](?:-u|--user)[ \t]{1,3}["']?[^\s:"']{1,100}:)((?!\/\/)[^\s"']{1,255})/g,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: /(<(?:password|passwd|pwd|secret|token|apikey)>)([^<\n]{1,300})(?=<\/)/gi,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: "secret",
    regex: new RegExp(
      `((?<![A-Za-z])(?:[A-Za-z0-9]{1,30}[_.-]){0,4}${SECRET_WORD}["'\`\\])]?${SEPARATOR}["'\`]?)([A-Za-z0-9_~+/=.:!@#$%^&*-]{8,2048})`,
      "gi",
    ),
    accept: ({ value, label }) => isOpaque(value, /secret|密钥|秘钥|key/i.test(label) ? 12 : 16),
  },
  {
    name: IDENTITY,
    regex: /((?<![\dA-Za-z._]))(\d{6} ?\d{8} ?\d{3}[\dXx])(?![\dA-Za-z_])/g,
    accept: ({ value }) => isIdentityNumber(value),
  },
  {
    name: PHONE,
    regex:
      /((?<![\dA-Za-z_.+/=])(?<![\dA-Z]-))((?:(?:\+|00)?86[- ]?|\(\+?86\) ?)?1[3-9]\d(?:[- ]\d{4}[- ]\d{4}|\d{8}))(?![\dA-Za-z_/])(?!-\d)(?!\.\d)/g,
    accept: isPhone,
  },
  {
    name: PHONE,
    regex: /((?<![\w+/=.]))(\+[1-9](?:[ .()-]{0,2}\d){7,14})(?![\dA-Za-z_])(?![.:]\d)/g,
    accept: isInternationalPhone,
  },
];
