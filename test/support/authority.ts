/** A certificate authority of a company, and certificates that it signs, by Debian's openssl. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Makes an authority in `folder` and a certificate of it for 127.0.0.1 and localhost. Throws where there is no openssl. */
export async function makeAuthority(
  folder: string,
): Promise<{ readonly caFile: string; readonly cert: string; readonly key: string }> {
  const at = (name: string): string => join(folder, name);
  const key = ["-newkey", "rsa:2048", "-nodes"];
  await run("openssl", [
    ...["req", "-x509", ...key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "2"],
    ...["-subj", "/CN=Company Root", "-addext", "basicConstraints=critical,CA:TRUE"],
  ]);
  await run("openssl", ["req", ...key, "-keyout", at("own.key"), "-out", at("own.csr"), "-subj", "/CN=localhost"]);
  await writeFile(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
  await run("openssl", [
    ...["x509", "-req", "-in", at("own.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"],
    ...["-out", at("own.pem"), "-days", "2", "-extfile", at("names")],
  ]);
  return {
    caFile: at("ca.pem"),
    cert: await readFile(at("own.pem"), "utf8"),
    key: await readFile(at("own.key"), "utf8"),
  };
}
