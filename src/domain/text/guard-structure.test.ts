import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { adfToText } from "../../jira/adf/to-text.ts";
import { guardText } from "./guard.ts";

const guard = (text: string, kinds: readonly ("email" | "bankCard" | "iban")[] = []): string =>
  guardText(text, { mode: "mask", kinds }).text;

type GuardCase = {
  readonly id: string;
  readonly inScope: boolean;
  readonly text?: string;
  readonly doc?: unknown;
  readonly secrets: readonly string[];
};

describe("the cases that once failed", () => {
  const cases: GuardCase[] = JSON.parse(
    readFileSync(new URL("../../../test/corpus/guard-cases.json", import.meta.url), "utf8"),
  );

  it.each(cases.filter(({ inScope }) => inScope).map((one) => [one.id, one] as const))("masks: %s", (_id, one) => {
    const text = one.text ?? adfToText(one.doc);

    const guarded = guard(text);

    expect(text).toContain(one.secrets[0]);
    expect(one.secrets.filter((secret) => guarded.includes(secret))).toEqual([]);
  });
});

describe("a secret that the shape of a text shows", () => {
  it.each([
    [
      "a column under its head",
      "| host | user | password |\n|---|---|---|\n| db1 | root | Qw3rty!x |\n| db2 | app | Letmein99 |",
      ["Qw3rty!x", "Letmein99"],
    ],
    ["a cell with a bar in it", "user | password\nroot | pa\\|Ss12x", ["pa\\|Ss12x", "Ss12x"]],
    [
      "a row below a cell that spans",
      "host | user | password\naz1 | root | Qw3rty!x\n | app | Letmein99",
      ["Qw3rty!x", "Letmein99"],
    ],
    ["a row whose last cell is empty", "user | password | note\nroot | Qw3rty!x |", ["Qw3rty!x"]],
    ["a table with numbered rows", "# | user | password\n1 | root | Qw3rty!x", ["Qw3rty!x"]],
    ["a table with an empty corner", "|  | user | password |\n| db1 | root | Qw3rty!x |", ["Qw3rty!x"]],
    ["struck text", "~~password: Huawei@123~~ changed\npassword: ~~Huawei@124~~", ["Huawei@123", "Huawei@124"]],
    ["a cell beside its label", "| root password | correcthorse |", ["correcthorse"]],
    ["a label in the middle of a row", "web01 | admin | 密码 | Zx8#pq11", ["Zx8#pq11"]],
    [
      "columns of blanks, as a console prints them",
      "NAME     USER   PASSWORD\ndb-01    root   S3cret#11\ndb-02    app    Wint3r-26",
      ["S3cret#11", "Wint3r-26"],
    ],
    ["a comma separated list with a head", "server,login,password\n10.0.0.3,root,Summer#2026", ["Summer#2026"]],
    ["a head with a note in brackets", "| 账号 | 密码(初始) |\n| ops | Abcd-9876 |", ["Abcd-9876"]],
    [
      "a Secret of Kubernetes, data before kind",
      "apiVersion: v1\ndata:\n  db-user: YXBw\n  db-pass: c3VwZXJzZWNyZXQ=\nkind: Secret\nmetadata:\n  name: db",
      ["c3VwZXJzZWNyZXQ=", "YXBw"],
    ],
    [
      "a Secret of Kubernetes as JSON",
      '{"apiVersion":"v1","kind":"Secret","data":{"MYSQL_ROOT":"aHVudGVyMg=="}}',
      ["aHVudGVyMg=="],
    ],
    ["stringData", "kind: Secret\nstringData:\n  conf: |\n    pin 4711-abcd\ntype: Opaque", ["4711-abcd"]],
    ["the next paragraph", "Root password:\n\nhunter2boat", ["hunter2boat"]],
    ["a heading above", "## Password\n\nHunter2boat", ["Hunter2boat"]],
    ["a quote", "> 登录密码如下：\n>\n> huawei2026x", ["huawei2026x"]],
    ["a list item below its label", "- password:\n  - Hunter2boat", ["Hunter2boat"]],
    ["every line of a code block", "Passwords:\n```\nalpha7seven\nbeta8eight\n```", ["alpha7seven", "beta8eight"]],
    [
      "two keys on lines of their own",
      "HPUAQ7ZK3XW9MN2VTB4R\nq8Vt3Lk0ZpXw7Nr2Yb6Hd4Mf1Sg9Jc5Ta8Qe3Wu2",
      ["HPUAQ7ZK3XW9MN2VTB4R", "q8Vt3Lk0ZpXw7Nr2Yb6Hd4Mf1Sg9Jc5Ta8Qe3Wu2"],
    ],
    [
      "labels above keys",
      "AK:\nHPUAQ7ZK3XW9MN2VTB4R\nSK:\nq8Vt3Lk0ZpXw7Nr2Yb6Hd4Mf1Sg9Jc5Ta8Qe3Wu2",
      ["HPUAQ7ZK3XW9MN2VTB4R", "q8Vt3Lk0ZpXw7Nr2Yb6Hd4Mf1Sg9Jc5Ta8Qe3Wu2"],
    ],
    ["a key that was wrapped", "SK: q8Vt3Lk0ZpXw7Nr2Yb6Hd4Mf\n1Sg9Jc5Ta8Qe3Wu2", ["1Sg9Jc5Ta8Qe3Wu2"]],
    ["invisible characters in the value", "password: Hun\u200bter2\u2060boat", ["Hun\u200bter2\u2060boat", "boat"]],
    ["full-width letters", "ｐａｓｓｗｏｒｄ：Ｈｕａｗｅｉ２０２６", ["Ｈｕａｗｅｉ２０２６"]],
    ["Huawei's own spelling", '{"server": {"adminPass": "Vm#start7"}}', ["Vm#start7"]],
    [
      "a login to SWR",
      "docker login -u cn-north-4@HPUAQ7ZK3XW9MN2VTB4R -p 5f3c9a7b1d2e4f60 swr.cn-north-4.myhuaweicloud.com",
      ["HPUAQ7ZK3XW9MN2VTB4R", "5f3c9a7b1d2e4f60"],
    ],
    [
      "a cipher of a switch",
      "local-user ops password irreversible-cipher $1c$abcDEF12$XyZ9kLmN3pQ5rS7tU9vW1xY3$",
      ["XyZ9kLmN3pQ5rS7tU9vW1xY3"],
    ],
    [
      "a signed address of OBS",
      "https://b.obs.cn-north-4.myhuaweicloud.com/k?AccessKeyId=HPUAQ7ZK3XW9MN2VTB4R&Expires=1767322800&Signature=kX9fZ2mQ7pT4vB1nL8rY3wD6sH0%3D",
      ["HPUAQ7ZK3XW9MN2VTB4R", "kX9fZ2mQ7pT4vB1nL8rY3wD6sH0"],
    ],
    ["预共享密钥", "VPN 预共享密钥：Tunnel#2026", ["Tunnel#2026"]],
    ["PSK", "ike PSK = tunnel-2026-x", ["tunnel-2026-x"]],
    ["base64 beside its label", "password (base64) SHVudGVyMiFib2F0", ["SHVudGVyMiFib2F0"]],
    ["an old identity number", "身份证：110105491231002", ["110105491231002"]],
    ["a permit for Hong Kong", "港澳通行证 C12345678", ["C12345678"]],
    ["an identity number of Taiwan", "身分證字號 A123456789", ["A123456789"]],
    ["a landline with its area in brackets", "电话：(0755) 2878 0808", ["2878 0808"]],
  ])("masks %s", (_name, text, secrets) => {
    const guarded = guard(text);

    expect(secrets.filter((secret) => !text.includes(secret))).toEqual([]);
    expect(secrets.filter((secret) => guarded.includes(secret))).toEqual([]);
    expect(guard(guarded)).toBe(guarded);
  });

  it.each([
    "| host | ip | port |\n|---|---|---|\n| db1 | 10.0.0.3 | 3306 |",
    "| check | result |\n| password policy | enabled |\n| token count | 512 |",
    "Password | changed\nUser | root",
    "NAME                TYPE                                  DATA   AGE\ndefault-token-x2x   kubernetes.io/service-account-token   3      12d",
    "the password:\nis wrong, please reset it for the user",
    "Password:\n\nPlease enter the new one on the console page.",
    "| 用户名 | 密码 |\n| root | 见附件 |",
    "kind: ConfigMap\ndata:\n  level: debug\n  mode: active-active",
    "key | value\nregion | cn-north-4",
    "primary key | foreign key\nid | order_id",
    "tokens per second: 512\nprompt tokens: 128",
    "Fields: id, name, password, created_at\nRows: 12, 15, 3, 9",
    "ls -l /root/.ssh\n-rw------- 1 root root 2602 Jan  2 03:04 id_rsa",
    "Authentication failed for user root\npassword authentication is disabled",
    "https://console.huaweicloud.com:443/ecm/?agencyId=1&region=cn-north-4#/ecs/manager/vmList",
    "http://10.0.0.1:8080/path?mail=ops@example.com",
    "order 021-88 part 0755-12, build 2024.1122.3344",
    "SHA-1 3f786850e387550fdab836ed7e6dc881de23001b\nSHA-1 89e6c98d92887913cadf06b2adb97f26cde4849b",
    "req-6f1d2c3b-4a5b-4c6d-8e9f-0a1b2c3d4e5f token bucket refill 100/s",
    "select user, password_expired from mysql.user where user = 'root'",
  ])("leaves alone: %s", (text) => {
    expect(guard(text)).toBe(text);
  });

  it("keeps invisible characters where nothing is masked", () => {
    expect(guard("👩\u200d🔧 says नमस्\u200dते, password: abc1")).toBe(
      "👩\u200d🔧 says नमस्\u200dते, password: [masked: password]",
    );
  });
});

describe("kinds that an operator can switch on", () => {
  it.each([
    ["email", "ask zhang.san+ops@mail.example.com please", "zhang.san+ops@mail.example.com"],
    ["bankCard", "银行卡 6222 0212 3456 7890 128", "6222 0212 3456 7890 128"],
    ["iban", "IBAN DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00"],
  ] as const)("%s", (kind, text, secret) => {
    expect(guard(text)).toBe(text);
    expect(guard(text, [kind])).not.toContain(secret);
  });

  it("do not take a number with a wrong check digit", () => {
    const text = "id 6222021234567890129, DE88 3704 0044 0532 0130 00";

    expect(guard(text, ["bankCard", "iban"])).toBe(text);
  });
});
