/**
 * The second corpus of the text guard: written after its rules, and never used to tune them. A miss that is mended moves
 * its line to `guard-tuned.ts`. Values are made up, or made from a fixed seed; those that a scanner would recognise are
 * joined from pieces.
 */
import type { GuardPositive } from "./guard-tuned.ts";

function makeRandom(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * count);
  };
}

const below = makeRandom(20_261_124);
const from = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
const HEX = "0123456789abcdef";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const MIXED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DIGITS = "0123456789";
const hex = (length: number): string => from(HEX, length);
const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
const two = (max: number): string => String(below(max)).padStart(2, "0");
const stamp = (): string =>
  `2026-1${below(2)}-${String(1 + below(28)).padStart(2, "0")} ${two(24)}:${two(60)}:${two(60)}`;
const ip = (): string => `10.${below(256)}.${below(256)}.${below(256)}`;
const pod = (): string =>
  `${["api", "order-svc", "gateway", "coredns"][below(4)]}-${hex(10)}-${from("bcdfghjklmnpqrstvwxz2456789", 5)}`;
const mobile = (): string => `1${3 + below(7)}${from(DIGITS, 9)}`;
const ak = (): string => `H${from("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 6)}7${from(UPPER, 12)}`;
const sk = (): string => `aZ9${from(MIXED, 37)}`;
const password = (): string => `${from("ABCDEFGHJK", 1)}${from("abcdefgh", 5)}@${from(DIGITS, 3)}`;

function identity(): string {
  const body = `${["110101", "440305", "310115", "510104"][below(4)]}19${70 + below(30)}${String(1 + below(12)).padStart(2, "0")}${String(1 + below(28)).padStart(2, "0")}${from(DIGITS, 3)}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return body + "10X98765432"[weights.reduce((sum, weight, index) => sum + weight * Number(body[index]), 0) % 11];
}

/** One secret in a text of its own. */
const secret = (name: string, value: string, text: (value: string) => string): GuardPositive => ({
  text: text(value),
  secret: value,
  name,
});

const repeat = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const KEY = ["PRIVATE", "KEY"].join(" ");

/** Secrets: each text holds one, which must be gone. */
export const FRESH_SECRETS: readonly GuardPositive[] = [
  ...repeat(6, () => secret("access key", ak(), (v) => `our access key id is ${v}, the request answers 403`)),
  ...repeat(4, () => secret("access key", ak(), (v) => `HUAWEICLOUD_SDK_AK: "${v}"`)),
  ...repeat(4, () => secret("access key", ak(), (v) => `访问密钥AK：${v}`)),
  ...repeat(6, () => secret("secret key", sk(), (v) => `SK=${v}`)),
  ...repeat(4, () => secret("secret key", sk(), (v) => `  "SecretAccessKey": "${v}",`)),
  ...repeat(8, () => secret("password", password(), (v) => `root密码是${v}，请登录后查看`)),
  ...repeat(4, () => secret("password", password(), (v) => `账号 admin，密码 ${v}`)),
  ...repeat(4, () => secret("password", password(), (v) => `登录密码为：${v}`)),
  ...repeat(6, () =>
    secret("password", password(), (v) => `The root password is ${v}, please log in and have a look.`),
  ),
  ...repeat(4, () => secret("password", password(), (v) => `user root / password ${v}`)),
  ...repeat(4, () => secret("password", password(), (v) => `mysql.password=${v}`)),
  ...repeat(4, () =>
    secret("password", password(), (v) => `jdbc:mysql://10.1.2.3:3306/app?user=app&password=${v}&useSSL=false`),
  ),
  ...repeat(3, () => secret("password", password(), (v) => `my passwd: ${v}`)),
  ...repeat(3, () => secret("password", password(), (v) => `初始密码：${v}`)),
  ...repeat(4, () => secret("authorization", `Bearer ${from(MIXED, 40)}`, (v) => `> Authorization: ${v}`)),
  ...repeat(3, () =>
    secret(
      "authorization",
      `MIIT${from(MIXED, 400)}`,
      (v) => `curl -H "X-Auth-Token: ${v}" https://iam.myhuaweicloud.com/v3/projects`,
    ),
  ),
  ...repeat(3, () =>
    secret(
      "authorization",
      hex(64),
      (v) => `Authorization: SDK-HMAC-SHA256 Access=x1, SignedHeaders=host;x-sdk-date, Signature=${v}`,
    ),
  ),
  ...repeat(4, () => secret("phone number", mobile(), (v) => `请拨打我的手机${v}联系`)),
  ...repeat(4, () => secret("phone number", mobile(), (v) => `Contact: Li Lei, ${v}`)),
  ...repeat(3, () => secret("phone number", mobile(), (v) => `tel:+86-${v}`)),
  ...repeat(3, () =>
    secret("phone number", `+33 6 ${two(90)} ${two(90)} ${two(90)} ${two(90)}`, (v) => `call me back on ${v} please`),
  ),
  ...repeat(3, () =>
    secret("phone number", `+65 9${from(DIGITS, 3)} ${from(DIGITS, 4)}`, (v) => `Singapore office: ${v}`),
  ),
  ...repeat(6, () => secret("identity number", identity(), (v) => `实名认证身份证号 ${v} 审核不通过`)),
  ...repeat(3, () => secret("identity number", identity(), (v) => `id_card=${v}`)),
  ...repeat(4, () => secret("secret key", sk(), (v) => `export OS_SECRET_KEY=${v}`)),
  ...repeat(4, () => secret("access key", ak(), (v) => `用这个 AK ${v} 调用接口报 403`)),
  ...repeat(4, () => secret("password", password(), (v) => `ssh root@10.1.1.1，密码${v}`)),
  ...repeat(4, () => secret("password", password(), (v) => `数据库连接信息：10.1.1.1:3306 root/${v}`)),
  ...repeat(4, () =>
    secret("password", password(), (v) => `ALTER USER 'root'@'%' IDENTIFIED WITH mysql_native_password BY '${v}';`),
  ),
  ...repeat(4, () => secret("password", password(), (v) => `PGPASSWORD=${v} psql -h 10.1.1.1`)),
  ...repeat(3, () => secret("password", password(), (v) => `ldap.bind.credential=${v}`)),
  ...repeat(3, () => secret("token", hex(40), (v) => `webhook token：${v}`)),
  ...repeat(3, () => secret("token", from(MIXED, 32), (v) => `?access_token=${v}&page=1`)),
  ...repeat(3, () =>
    secret("phone number", mobile(), (v) =>
      `微信同号：${v.slice(0, 3)} ${v.slice(3, 7)} ${v.slice(7)}`.replace(/(\d{3}) (\d{4}) (\d{4})/, v),
    ),
  ),
  ...repeat(3, () => secret("phone number", `010-${from("23456789", 1)}${from(DIGITS, 7)}`, (v) => `座机 ${v}`)),
  secret("token", `dapi${hex(32)}`, (v) => `databricks ${v}`),
  secret("token", `shpat_${hex(32)}`, (v) => `shopify ${v}`),
  secret("token", `hf_${from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34)}`, (v) => `model hub ${v}`),
  secret(
    "private key",
    from(MIXED, 64),
    (v) => `-----BEGIN ${KEY}-----\n${v}\n${from(MIXED, 64)}\n-----END ${KEY}-----`,
  ),
  secret(
    "private key",
    from(MIXED, 64),
    (v) => `cat id_rsa\n-----BEGIN RSA ${KEY}-----\n${v}\n-----END RSA ${KEY}-----`,
  ),
  secret("AWS key", `AKIA${from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}`, (v) => `key ${v} was used`),
  secret("GitHub token", `gh${"p_"}${from(MIXED, 36)}`, (v) =>
    `git push https://x:${v}@github.com/a/b`.replace("x:", ""),
  ),
  secret("GitLab token", `gl${"pat-"}${from(MIXED, 20)}`, (v) => `PRIVATE: ${v}`),
  secret("token", `sk-${"proj-"}${from(MIXED, 48)}`, (v) => `openai ${v}`),
  secret("Slack token", `xox${"b-"}${from(DIGITS, 12)}-${from(MIXED, 24)}`, (v) => `SLACK=${v}`),
  secret("Atlassian token", `ATA${"TT3x"}${from(MIXED, 60)}=${from("0123456789ABCDEF", 8)}`, (v) => `token is ${v}`),
];

/** Texts that must not change. */
export const FRESH_HARMLESS: readonly string[] = [
  ...repeat(
    20,
    () =>
      `${stamp()},${below(900) + 100} INFO  [http-nio-8080-exec-${below(50)}] c.h.order.OrderService - order ${from(DIGITS, 18)} paid in ${below(900)} ms`,
  ),
  ...repeat(
    12,
    () => `${stamp()} ERROR ${uuid()} ${ip()}:${1_024 + below(60_000)} upstream timed out (110: Connection timed out)`,
  ),
  ...repeat(12, () => `${pod()}   1/1   Running   ${below(9)}   ${below(40)}d   ${ip()}   ${ip()}   <none>   <none>`),
  ...repeat(
    10,
    () =>
      `Normal  Pulled  ${below(50)}m  kubelet  Successfully pulled image "swr.cn-south-1.myhuaweicloud.com/app/api@sha256:${hex(64)}" in ${below(9)}.${from(DIGITS, 9)}s`,
  ),
  ...repeat(
    10,
    () =>
      `[${from(DIGITS, 5)}.${from(DIGITS, 6)}] EXT4-fs error (device vda1): ext4_find_entry:1455: inode #${from(DIGITS, 7)}: comm java: reading directory lblock 0`,
  ),
  ...repeat(10, () => `commit ${hex(40)}`),
  ...repeat(10, () => `request_id: ${hex(32)}`),
  ...repeat(10, () => `TT2026${from(DIGITS, 12)}`),
  ...repeat(10, () => `instance ${uuid()} in project ${hex(32)} is in ERROR`),
  ...repeat(8, () => `${hex(64)}  backup-${from(DIGITS, 8)}.tar.gz`),
  ...repeat(
    8,
    () =>
      `volume ${uuid()} size=${below(900)} iops=${from(DIGITS, 4)} created_at=17${from(DIGITS, 8)} updated_at=17${from(DIGITS, 11)}`,
  ),
  ...repeat(
    8,
    () => `SELECT * FROM orders WHERE id = ${1 + below(8)}${from(DIGITS, 17)} AND created_at > '${stamp()}' LIMIT 100;`,
  ),
  ...repeat(
    8,
    () =>
      `\tat com.huawei.dms.kafka.Client$${below(9)}.run(Client.java:${below(2_000)}) ~[kafka-client-3.7.${below(9)}.jar:?]`,
  ),
  ...repeat(6, () => `offset=1${3 + below(6)}${from(DIGITS, 9)}, lag=${from(DIGITS, 5)}, partition=${below(64)}`),
  ...repeat(
    6,
    () =>
      `eth0: RX bytes:1${3 + below(6)}${from(DIGITS, 9)} (${below(90)}.${below(9)} GiB)  TX bytes:${from(DIGITS, 10)}`,
  ),
  ...repeat(6, () => `x-request-id: ${uuid()}`),
  ...repeat(6, () => `etag: "${hex(32)}"`),
  ...repeat(6, () => `trace ${hex(32)}-${hex(16)}-01`),
  ...repeat(4, () => `machine-id ${hex(32)}`),
  ...repeat(4, () => `订单号 ${1 + below(8)}${from(DIGITS, 17)} 未到账`),
  "NAME                     READY   STATUS             RESTARTS      AGE",
  "Warning  BackOff  3m (x12 over 6m)  kubelet  Back-off restarting failed container",
  "secret/registry-key created",
  "kubectl create secret docker-registry default-secret --docker-server=swr.cn-south-1.myhuaweicloud.com",
  'Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:prod:app" cannot list resource "secrets"',
  "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app-token\ntype: Opaque",
  "    secretKeyRef:\n      name: db\n      key: password",
  "valueFrom: { secretKeyRef: { name: db-secret, key: password } }",
  "grant_type=client_credentials is not supported",
  "The access key ID does not exist (IAM.0101)",
  "InvalidAccessKeyId: The OBS Access Key Id you provided does not exist in our records.",
  "SignatureDoesNotMatch: check your secret access key and signing method",
  "APIGW.0301 Incorrect IAM authentication information: decrypt token fail",
  "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden",
  "error_msg: verify aksk signature fail",
  "password must contain at least 8 characters, one upper-case letter and one digit",
  "The password you entered is incorrect. 3 attempts left.",
  "Please do not send your password to anybody.",
  "How can I reset the password of a Windows ECS?",
  "重置密码后仍然无法登录",
  "请问如何修改数据库 root 用户的密码？",
  "密码不能包含用户名，长度 8~26 个字符",
  "密码过期时间：2026-12-31",
  "密码输入错误次数超过 5 次，账号锁定 15 分钟",
  "不要在工单里提供密码",
  "密钥对 KeyPair-8f2a 绑定失败",
  "AK/SK 鉴权失败，错误码 APIGW.0301",
  "token 有效期 24 小时",
  "Token 已失效，请重新获取",
  "身份证照片上传失败",
  "手机号格式不正确",
  "验证码 483920 已发送",
  "ORA-01017: invalid username/password; logon denied",
  "Access denied for user 'app'@'10.2.3.4' (using password: YES)",
  "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.9.8.7 user=root",
  "sshd[2211]: Failed publickey for ec2-user from 10.1.2.3 port 50022 ssh2: ED25519 SHA256:0zJ0x2xkq8iVd3z2x0mC8b1Yk1bqN3b0y2n1P5m6w7E",
  "known_hosts: ecs-1 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
  "subject=CN = *.example.com, issuer=C = US, O = Let's Encrypt, CN = R11",
  "serial=03A1B2C3D4E5F60718293A4B5C6D7E8F9012",
  "Fingerprint=5E:2A:11:9B:77:CD:04:1F:AA:32:8E:5B:90:0C:DE:61:F2:38:49:1D",
  "notBefore=Nov 24 00:00:00 2026 GMT",
  "java.sql.SQLException: Access denied for user",
  "org.springframework.security.authentication.BadCredentialsException: Bad credentials",
  "io.jsonwebtoken.ExpiredJwtException: JWT expired at 2026-11-24T10:00:00Z. Current time: 2026-11-24T10:00:05Z",
  "redis.clients.jedis.exceptions.JedisDataException: NOAUTH Authentication required.",
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used",
  "ERR AUTH <password> called without any password configured for the default user",
  "mongodb://localhost:27017/?replicaSet=rs0",
  "amqp://guest@10.0.0.1:5672/%2F",
  "git clone https://codehub.devcloud.cn-north-4.huaweicloud.com/proj/repo.git",
  "swr.cn-north-4.myhuaweicloud.com/ns/image:v1.2.3-20261124",
  "i-0a1b2c3d4e5f67890",
  "sn 2102311ABC10J6000123",
  "WWN 50:06:01:60:3b:a0:11:22",
  "BGP AS 4200000001, VNI 5010",
  "Filesystem /dev/vda1 1K-blocks 41151808 Used 13812345 Available 25231234 Use% 36%",
  "ping: 64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.041 ms",
  "1700000000000-0 stream id",
  "lag 0 at LSN 16/B374D848",
  "gtid 3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5",
  "+----+-------+\n| id | total |\n+----+-------+\n|  1 | 13800 |\n+----+-------+",
  "+08:00 is our zone",
  "diff --git a/x.ts b/x.ts\n+1234567890\n-987654321",
  "version 7.0.1+202611241000",
  "C:\\Program Files\\Huawei\\agent.exe exited with 0xC0000005",
  "ISBN 978-7-302-51234-5",
  "Price: 1,599,000.00 CNY",
];
