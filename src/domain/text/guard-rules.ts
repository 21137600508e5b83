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

import {
  endOfBase64Lines,
  endOfHeader,
  endOfKeyBlock,
  endOfToken,
  type GuardContext,
  isAccessKey,
  isAccessKeyShape,
  isBankCard,
  isBase64OfText,
  isBasicCredentials,
  isHongKongId,
  isIban,
  isIdentityNumber,
  isInternationalPhone,
  isOldIdentityNumber,
  isOpaque,
  isPassphraseInProse,
  isPhone,
  isPlaceholder,
  isSchemeWithCredentials,
  isSecretKey,
  isSecretKeyShape,
  isStrongPassword,
  isUnlikeAWord,
} from "./guard-values.ts";

/** What of a global regular expression the guard uses, so that another engine may stand in for an operator's patterns. */
export type Matcher = {
  lastIndex: number;
  exec(text: string): { readonly 0: string; readonly 1?: string; readonly 2?: string; readonly index: number } | null;
  test(text: string): boolean;
};

/** One rule. `regex` has the flag `g`. `whole`: the match itself is the value. `endOf` may move the end of an accepted value. */
export type GuardRule = {
  readonly name: string;
  readonly regex: Matcher;
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

/** A token that begins with `prefix` and is told by its shape alone. */
function vendorToken(name: string, pattern: string): GuardRule & { readonly regex: RegExp } {
  return { name, regex: new RegExp(`((?<![A-Za-z0-9_]))(${pattern})(?![A-Za-z0-9])`, "g") };
}

// A bare value after a label: a run of printable ASCII, since Chinese prose follows a password without a blank.
const BARE = "[!#-&(-;=?-~][!-~]{0,1023}";
// Marks of Markdown may stand on either side of a separator, and a note in brackets before it: `**Password** (new):`.
const SEPARATOR = String.raw`(?:[ \t]{0,3}[(（][^()（）\n]{0,40}[)）])?[*_~]{0,3}[ \t]{0,5}(?::=|=>|->|→|[:=：＝])[*_~]{0,3}[ \t]{0,5}`;
const PASSWORD_WORD =
  "(?:pass(?:words?|wd|phrase|code|wort)|pwd|passw0rd|(?<![A-Za-z])psk(?:密钥|密匙|秘钥)?|pre-?shared[ _-]?key)";
const PASSWORD_ZH = "(?:密[ \\t]{0,4}[码碼]|口[ \\t]{0,2}令|[账帐]密|密匙|预共享密钥|共享密钥|提取码|解压码)";
// What a sentence says between the label and the value: 密码改成了, 已重置成, 是.
const BECOMES_ZH =
  "(?:(?:由[^\\s，。,:：]{1,8}?)?(?:已经?|被|都)?(?:改为|改成了?|改為|重置(?:为|成)了?|设置?(?:为|成)了?|設為|更新(?:为|成)|更改(?:为|成)|修改(?:为|成)|变更(?:为|成)|换成了?)[:：]?|就?[是为為][:：]?|[*_~]{0,3}[:=：＝][*_~]{0,3})";
// `账密` announces both: the account, then the password.
const BOTH_ZH = "(?:[账帐]密|[账帐]号密码)";
const ACCOUNT = "(?:accounts?|user(?:[ _-]?names?)?|logins?|credentials?|creds?|账号|帐号|账户|用户名?)";
const SECRET_WORD =
  "(?:secret[ _-]?access[ _-]?key|(?:client|app|api|consumer|shared)?[_-]?secret(?:[ _-]?key)?|(?:access|auth|refresh|id|security|session|private|api|bearer|user|iam|bot|webhook|csrf)[ _-]?token|token|(?:api|account|private|signing|encryption|master|storage|license)[_ -]?key|accountkey|apikey|密钥|秘钥|令牌)";

/** The rules in the order in which they run: what is surest, and what gives the best name, first. */
export const GUARD_RULES: readonly (GuardRule & { readonly regex: RegExp })[] = [
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
  {
    // The body of a private key whose frame was left out: PKCS#1, PKCS#8, SEC 1, OpenSSH. Certificates begin otherwise.
    name: "private key",
    regex:
      /((?<![A-Za-z0-9+/=]))((?:MII[A-Za-z0-9+/]{2,5}IBAA[KDJI]|MI[GH][A-Za-z0-9+/]{1,5}AgEAMB|MH[cQ]CAQEEI|MIHcAgEBBEI|b3BlbnNzaC1rZXktdjEA)[A-Za-z0-9+/=]{8,200})/g,
    endOf: endOfBase64Lines,
  },
  {
    name: "private key",
    regex: /(\bPrivate-Lines:[ \t]{0,3}\d{1,4}[ \t]{0,5}\n[ \t>]{0,20})([A-Za-z0-9+/=]{8,200})/g,
    endOf: endOfBase64Lines,
  },
  {
    name: "private key",
    regex:
      /(\b(?:client-key-data|tls\.key|id_rsa|private_key)["']?[ \t]{0,3}:[ \t]{0,3}["']?)([A-Za-z0-9+/=]{16,4096})/g,
    endOf: endOfToken,
  },
  {
    name: TOKEN,
    regex:
      /(["']?\b(?:auth|identitytoken|registrytoken|_auth|_authToken|dockerconfigjson|dockercfg)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?)([A-Za-z0-9+/_-]{8,4096}={0,2})(?![A-Za-z0-9+/_-])/g,
    accept: ({ value }) => isBasicCredentials(value) || (isOpaque(value, 24) && /[A-Z]/.test(value)),
  },
  {
    name: "signature",
    regex:
      /([?&;](?:sig|signature|x-(?:amz|obs|oss|goog)-(?:signature|credential|security-token)|security-token)=)([^\s&"'<>]{8,4096})/gi,
  },
  {
    name: ACCESS_KEY,
    regex: /([?&;](?:aws|oss|goog)?access-?key-?id=)([A-Z0-9]{16,40})(?![A-Za-z0-9])/gi,
  },
  {
    name: TOKEN,
    regex:
      /([?&;](?:(?:access|auth|api|refresh|id)?[_-]?(?:token|key)|code|ticket|session|sid)=)([^\s&"'<>]{20,4096})/gi,
    accept: ({ value }) => isOpaque(value, 20),
  },
  {
    // Whoever knows the address of a chat's robot can write as it.
    name: TOKEN,
    regex:
      /(https:\/\/(?:open\.(?:feishu\.cn|larksuite\.com)\/open-apis\/bot\/(?:v\d\/)?hook\/|qyapi\.weixin\.qq\.com\/cgi-bin\/webhook\/send\?key=|oapi\.dingtalk\.com\/robot\/send\?access_token=|(?:canary\.|ptb\.)?discord(?:app)?\.com\/api\/webhooks\/\d{5,25}\/|[\w-]{1,63}\.webhook\.office\.com\/webhookb2\/|api\.telegram\.org\/bot))([^\s"'<>?&]{8,512})/gi,
  },
  {
    name: PASSWORD,
    regex:
      /(\b(?:docker|podman|nerdctl|helm)\b[^\n]{0,40}?\blogin\b[^\n]{0,100}?[ \t](?:-p|--password)[ \t]{1,3}["']?)([^\s"'-][^\s"']{2,255})/g,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    // The user of a login to Huawei's registry of images: region@AK.
    name: ACCESS_KEY,
    regex: /((?<![\w-])[a-z]{2,4}-[a-z]{2,16}-\d{1,3}@)([A-Z0-9]{20})(?![A-Za-z0-9])/g,
    accept: ({ value }) => isAccessKeyShape(value),
  },
  {
    // A key that somebody spaced out, or that a mail program wrapped.
    name: SECRET_KEY,
    regex: new RegExp(
      `((?<![A-Za-z])(?:sk|secret(?:[ _-]?access)?(?:[ _-]?key)?|密钥|秘钥)["'\`]?(?:${SEPARATOR}|[ \\t]{1,3}|[是为])["'\`]?)([A-Za-z0-9+/]{4,39}(?:[ \\t]{0,3}\\n[ \\t>]{0,8}|[ -])[A-Za-z0-9+/]{1,39}(?:[ -][A-Za-z0-9+/]{4,8}){0,10})(?![A-Za-z0-9+/])`,
      "gi",
    ),
    accept: ({ value }) => isSecretKeyShape(value.replace(/[\s>-]/g, "")),
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
    // An access key and its secret key side by side: nothing else looks like both.
    name: SECRET_KEY,
    regex: /((?<![A-Za-z0-9+/])[A-Z0-9]{20}[ \t]{0,3}[,;|:，；、/ \t][ \t]{0,3})([A-Za-z0-9+]{40})(?![A-Za-z0-9+/=])/g,
    accept: ({ value, label }) => isSecretKeyShape(value) && isAccessKeyShape(label.slice(0, 20)),
  },
  {
    // `account/password: root / x`: the value is the second of the two.
    name: PASSWORD,
    regex: new RegExp(
      `(${ACCOUNT}[ \\t]{0,3}(?:[/和与及&、+,]|and)?[ \\t]{0,3}(?:${PASSWORD_ZH}|${PASSWORD_WORD}|pw)(?:${SEPARATOR}|[ \\t]{0,3}(?:[是为為]|\\b(?:is|are)\\b)[:：]?[ \\t]{0,3})[^\\s/,，、|:：]{1,60}[ \\t]{0,3}(?:[/,，、|:：]|[ \\t])[ \\t]{0,3})(${BARE})`,
      "gi",
    ),
    // A sentence ("user and password are included, they …") has no sign between.
    accept: ({ value, label }) =>
      /[:=：＝→]|->/.test(label)
        ? !isPlaceholder(value) && !/^(?:and|or|are|is|the)$/i.test(value)
        : isUnlikeAWord(value),
  },
  {
    // `password: root / x`: the name of the account comes first.
    name: PASSWORD,
    regex: new RegExp(
      `((?:${PASSWORD_ZH}[是为為]?|${PASSWORD_WORD})${SEPARATOR}[A-Za-z][\\w.@-]{0,40}[ \\t]{1,3}[/|／][ \\t]{1,3})(${BARE})`,
      "gi",
    ),
    accept: ({ value }) => isUnlikeAWord(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(${BOTH_ZH}(?:如下)?[ \\t]{0,3}[:：是为為]?[ \\t]{0,3}[A-Za-z][\\w.@-]{0,40}(?:[ \\t]{0,3}[/／][ \\t]{0,3}|[ \\t]{1,3}))(${BARE})`,
      "g",
    ),
    accept: ({ value }) => isUnlikeAWord(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `((?<![A-Za-z])(?:credentials?|creds)${SEPARATOR}[A-Za-z][\\w.@-]{0,40}[ \\t]{0,3}[/／][ \\t]{0,3})([!-.0-~]{5,255})(?=[ \\t]{0,20}(?:\\n|$))`,
      "gi",
    ),
    accept: ({ value }) => !isPlaceholder(value),
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
    regex: new RegExp(`(${PASSWORD_WORD}["'\`\\])]?${SEPARATOR}[“‘「『]?)(${BARE})`, "gi"),
    accept: ({ value, label }) => !isPlaceholder(value) && !(/pwd/i.test(label) && /^(?:[/~]|[A-Za-z]:\\)/.test(value)),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`((?:kennwort|contraseña|mot de passe|パスワード)${SEPARATOR}["'“「]?)(${BARE})`, "gi"),
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(\\b${PASSWORD_WORD}(?:[ \\t]{1,3}for[ \\t]{1,3}\\S{1,40}(?:[ \\t]{1,3}\\S{1,40}){0,2}?)?[ \\t]{1,3}(?:is|was|are|equals|set to|changed to|reset to|(?:has been|was|is|were) (?:set|changed|reset) to)[ \\t]{0,3}:?[ \\t]{1,3})(${BARE}|["'“‘\`][^"'”’\`\\n]{1,100})`,
      "gi",
    ),
    accept: ({ value }) =>
      /^["'“‘`]/.test(value) ? !isPlaceholder(value.slice(1)) : isUnlikeAWord(value) || isPassphraseInProse(value),
  },
  {
    name: PASSWORD,
    // Not /etc/passwd, after which anything may stand.
    regex: new RegExp(`((?<![/\\\\])\\b${PASSWORD_WORD}:?[ \\t]{0,5}(?:\\n|[-–—][ \\t])?[ \\t]{0,5})(${BARE})`, "gi"),
    accept: ({ value }) => isStrongPassword(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(${PASSWORD_ZH}[ \\t]{0,3}(?:[（(][^（()）\\n]{0,20}[）)])?[ \\t]{0,3}${BECOMES_ZH}[ \\t]{0,5}["'“”‘’「『]?)(${BARE})`,
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
    regex: new RegExp(`((?<![A-Za-z])(?:pass|pw|psw)["'\`]?${SEPARATOR}["'\`]?)(${BARE})`, "gi"),
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
      /(\becho[ \t]{1,3}(?:-n[ \t]{1,3})?["']?(?:[\w-]{1,32}:)?)([^\s"'|:]{4,100})(?=["']?[ \t]{0,3}\|[ \t]{0,3}(?:sudo[ \t]{1,3})?(?:passwd|chpasswd)\b)/g,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex:
      /((?<![A-Za-z0-9-])--?(?:password|passwd|pass|pwd|secret|token|api-key)[ \t]{1,5}["']?)([^\s"'-][^\s"']{2,255})/gi,
    // `openssl -pass env:PW` names where it stands.
    accept: ({ value }) => !isPlaceholder(value) && !/^(?:env|file|fd):/.test(value),
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
    // In an address without a user, or with signs that an address should have encoded.
    name: PASSWORD,
    regex:
      /((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/[^\s/?#:@"'<>]{0,100}:)([^\s@"'<>]{1,200})(?=@[A-Za-z0-9.[])/g,
    accept: ({ value }) =>
      !/^\d{1,5}(?:[/?#]|$)/.test(value) && !/^(?:[*x]+|<.*|\$[{(].*|\{.*|\[masked.*)$/i.test(value),
  },
  {
    name: PASSWORD,
    regex:
      /(\b(?:jdbc:oracle:\w{1,10}:|(?:sqlplus|rman|exp|imp|expdp|impdp|sqlldr)[ \t]{1,5}(?:-\w{1,10}[ \t]{1,5}){0,4}["']?)[A-Za-z][\w$#]{0,60}\/)([^\s@"'/]{2,100})(?=@|["']?(?:\s|$))/gi,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    // `define('DB_PASSWORD', 'x')`, `<add key="DbPassword" value="x">`, `{"name": "password", "value": "x"}`.
    name: PASSWORD,
    regex: new RegExp(
      `(["'][\\w.:-]{0,60}(?:${PASSWORD_WORD}|secret|token|api[_-]?key)\\w{0,10}["'][ \\t]{0,3}(?:,[ \\t]{0,3}(?:["']value["'][ \\t]{0,3}:[ \\t]{0,3})?|[ \\t](?:\\w{1,20}=["'][^"'\\n]{0,60}["'][ \\t]{1,3}){0,3}?value[ \\t]{0,3}=[ \\t]{0,3})["'])([^"'\\n]{1,300})(?=["'])`,
      "gi",
    ),
    accept: ({ value }) => !isPlaceholder(value) && !/^[a-z]+(?:[ _-][a-z]+)*$/.test(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `(\\b(?:log(?:ged)?[ -]?(?:in|on)|sign(?:ed)?[ -]?in|ssh|rdp|connect|creds?|credentials?)(?:[ \\t]{1,3}(?:are|is|in|to|with|as|using|via|the|now|by|on))?(?:[ \\t]{1,3}(?:with|as|using))?${"[ \\t]{0,3}[:=]?[ \\t]{1,3}"}["'\`]?[A-Za-z][\\w.@-]{0,40}["'\`]?[ \\t]{0,3}[/|:,][ \\t]{0,3}["'\`]?)(${BARE})`,
      "gi",
    ),
    accept: ({ value, label }) => isStrongPassword(value) && !/\/\//.test(label),
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `((?:登录|登陆|${ACCOUNT})[ \\t]{0,3}[:：=]?[ \\t]{0,3}[A-Za-z][\\w.@-]{0,40}[ \\t]{0,3}[/|,，、][ \\t]{0,3})(${BARE})`,
      "gi",
    ),
    accept: ({ value }) => isStrongPassword(value),
  },
  {
    name: PASSWORD,
    regex: new RegExp(`((?<![A-Za-z])(?:pw|psw|pass)[ \\t]{1,3}(?:is[ \\t]{1,3})?["'\`]?)(${BARE})`, "gi"),
    accept: ({ value }) => isStrongPassword(value),
  },
  {
    // adminPass of Huawei's own APIs, and its kin.
    name: PASSWORD,
    regex: new RegExp(
      `((?<![A-Za-z])(?:admin|root|user|db|login|ssh|ftp|smtp|mail|vnc|sudo|proxy|my|new|old|default|[A-Za-z]{1,20}_)_?pass["'\`]?${SEPARATOR}["'\`]?)(${BARE})`,
      "gi",
    ),
    accept: ({ value }) => !isPlaceholder(value) && !/^\d{1,4}[,;)]?$/.test(value),
  },
  {
    // What command lines take a password by.
    name: PASSWORD,
    regex:
      /(\b(?:[Cc]onvert[Tt]o-[Ss]ecure[Ss]tring[ \t]{1,3}(?:-[Ss]tring[ \t]{1,3})?|net[ \t]{1,3}use\b[^\n]{0,80}?[ \t]\/(?:user|USER):\S{1,80}[ \t]{1,3}|ldap(?:search|modify|add|whoami|passwd)\b[^\n]{0,80}?[ \t]-w[ \t]{0,3}|keytool\b[^\n]{0,80}?[ \t]-(?:store|key)pass[ \t]{1,3}|openssl\b[^\n]{0,80}?[ \t]-pass(?:in|out)?[ \t]{1,3}pass:)["']?)([^\s"'/$*-][^\s"']{2,255})/g,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    // As it was typed into a switch or router, before that turned it into a cipher.
    name: PASSWORD,
    regex:
      /(\b(?:password(?:[ \t]{1,3}level[ \t]{1,3}\d{1,2})?|(?:pre-)?shared-key|authentication-key|privacy-mode[ \t]{1,3}\w{1,10}|authentication-mode[ \t]{1,3}\w{1,10})[ \t]{1,5}(?:irreversible-cipher|cipher|simple|plain)[ \t]{1,5})([^\s%$][^\s]{2,255})(?=[ \t]{0,20}(?:\n|$))/gi,
    accept: ({ value }) => !isPlaceholder(value),
  },
  {
    name: PASSWORD,
    regex: /(\b(?:secret|password)[ \t]{1,5}\d[ \t]{1,5})(\$\d\$[^\s]{8,255})/gi,
  },
  {
    // Ciphers of Huawei's switches and routers, which its own tools can turn back.
    name: PASSWORD,
    regex:
      /(\b(?:irreversible-cipher|cipher|password|community(?:[ \t]{1,3}(?:read|write))?|pre-shared-key|md5)[ \t]{1,5})((?:%\^%#|%@%@|%\$%\$|%#%#|\$1[a-z]\$|\$6\$)[^\s]{4,512})/gi,
  },
  {
    name: PASSWORD,
    regex: new RegExp(
      `((?:${PASSWORD_ZH}|${PASSWORD_WORD}|secret|token)[^\\n:=：]{0,20}[ \\t:=：)）]{1,4}["'\`]?)((?<![A-Za-z0-9+/])[A-Za-z0-9+/]{8,4096}={0,2})(?![A-Za-z0-9+/=])`,
      "gi",
    ),
    accept: ({ value }) => isBase64OfText(value) && /\d|=$/.test(value),
  },
  {
    name: "secret",
    regex:
      /((?:私人令牌|访问令牌|令牌|access[ _-]token|private[ _-]token|api[ _-]?key|api[ _-]token|personal access token|PAT)[ \t]{1,3}(?:is[ \t]{1,3})?["'`]?)([A-Za-z0-9_~+/=.-]{20,2048})/gi,
    accept: ({ value }) => isOpaque(value, 20) && !/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}/i.test(value),
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
    regex: /((?<![\dA-Za-z._]))(\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx])(?![\dA-Za-z_])/g,
    accept: ({ value }) => isIdentityNumber(value),
  },
  {
    name: IDENTITY,
    regex: /((?<![A-Za-z0-9]))([A-Z]{1,2}\d{6}[(（][0-9A][)）])/g,
    accept: ({ value }) => isHongKongId(value),
  },
  {
    name: IDENTITY,
    regex:
      /((?:hkid|hong kong id(?:entity)?(?: card)?|香港身份[证證]|澳门身份证|澳門身份證|macau? id|台湾身份证|身[份分][证證](?:字號|号|號)?|taiwan id)[^A-Za-z0-9\n]{0,12}(?:no\.?|number|card|号码?)?[^A-Za-z0-9\n]{0,6})([A-Z]{1,2}\d{6}[(（]?[0-9A][)）]?|[A-Z][12]\d{8}|[157]\d{6}[(（/]?\d[)）]?)(?![A-Za-z0-9])/gi,
  },
  {
    name: IDENTITY,
    regex:
      /((?:passport|护照|護照|通行证|通行證|回乡证|台胞证|travel permit)[^A-Za-z0-9\n]{0,6}(?:no\.?|numbers?|num|号码?|號碼?|is|[:：#])?[^A-Za-z0-9\n]{0,6}(?:is[ \t]{1,3})?)([A-Z]{1,2}\d{7,10}|\d{9})(?![A-Za-z0-9])/gi,
  },
  {
    name: IDENTITY,
    regex:
      /((?:台胞[证證]|臺胞[证證]|台湾居民来往大陆通行证)[ \t]{0,3}(?:号码?|號碼?|编号|no\.?)?[ \t]{0,3}[:：#是为為]?[ \t]{0,3})(\d{8}(?:\d{2})?)(?![A-Za-z0-9])/g,
  },
  {
    name: IDENTITY,
    regex:
      /((?:身份证|证件号码?|id card|identity card|identity number)[^A-Za-z0-9\n]{0,12})(\d{6}[ -]?\d{6}[ -]?\d{3})(?![\dA-Za-z])/gi,
    accept: ({ value }) => isOldIdentityNumber(value),
  },
  {
    // Landlines: without a word for a telephone such a number may be anything.
    name: PHONE,
    regex:
      /((?:座机|固话|电话|電話|传真|致电|拨打|联系方式|联系人|分机|tel(?:ephone)?|phone|landline|fax|call|hotline)[^\d\n]{0,16})((?:(?:\+|00)?86[- ]?)?(?:\(0\d{2,3}\)|（0\d{2,3}）|0\d{2,3})[-. ]{0,2}\d{3,4}[-. ]?\d{4}(?:(?:-|转|ext\.?)[ ]?\d{1,5})?)(?![\dA-Za-z])/gi,
    accept: isPhone,
  },
  {
    name: PHONE,
    regex: /((?<![\dA-Za-z_./-]))(0(?:10|2\d)-\d{8}|[(（]0\d{2,3}[)）][ -]?\d{7,8})(?![\dA-Za-z_./-])/g,
    accept: isPhone,
  },
  {
    name: PHONE,
    regex:
      /((?:tel(?:ephone)?|phone|mobile|cell|call|fax|reach me at)[^\d\n(]{0,12})(\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})(?![\dA-Za-z-])/gi,
    accept: isPhone,
  },
  {
    name: PHONE,
    regex:
      /((?<![\dA-Za-z_.+/=])(?<![\dA-Z]-))((?:(?:\+|00)?86[- ]?|\(\+?86\) ?)?1[3-9]\d(?:[- ]\d{4}[- ]\d{4}|[.·]\d{4}[.·]\d{4}|[- ]?\d{8}))(?![\dA-Za-z_/])(?!-\d)(?!\.\d)/g,
    accept: isPhone,
  },
  {
    name: PHONE,
    regex: /((?<![\w+/=.]))(\+[1-9](?:[ .()-]{0,2}\d){7,14})(?![\dA-Za-z_])(?![.:]\d)/g,
    accept: isInternationalPhone,
  },
];

/** Kinds that operations texts are full of, so that only an operator can want them masked. */
export const OPTIONAL_RULES: readonly { readonly kind: string; readonly rule: GuardRule }[] = [
  {
    kind: "email",
    rule: {
      name: "e-mail address",
      regex:
        /((?<![A-Za-z0-9._%+-]))([A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24})(?![A-Za-z0-9-])/g,
    },
  },
  {
    kind: "bankCard",
    rule: {
      name: "bank card number",
      regex: /((?<![\dA-Za-z_.-]))([3-6](?:[ -]?\d){12,18})(?![\dA-Za-z_])/g,
      accept: ({ value }) => isBankCard(value),
    },
  },
  {
    kind: "iban",
    rule: {
      name: "IBAN",
      regex: /((?<![A-Za-z0-9]))([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)(?![A-Za-z0-9])/g,
      accept: ({ value }) => isIban(value),
    },
  },
];
