import { expect, test } from "vitest";
import { certificateTrouble, issuerOf } from "./certificate-trouble.ts";

const origin = "https://jira.example.com";

test.each<[string, string | null, RegExp, RegExp]>([
  [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "Company Root",
    /^the certificate of https:\/\/jira\.example\.com, signed by "Company Root", is not trusted/,
    /Set CA_FILE to the certificate of "Company Root"/,
  ],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", null, /example\.com is not trusted/, /CA_FILE .* of its authority/],
  ["CERT_HAS_EXPIRED", "R11", /signed by "R11", is not valid today/, /clock by NTP/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "R11", /is for another name/, /Correct the address/],
])("%s of %s is told with its remedy", (code, issuer, message, remedy) => {
  const trouble = certificateTrouble(code, origin, issuer);

  expect(trouble?.message).toMatch(message);
  expect(trouble?.remedy).toMatch(remedy);
  for (const fact of [code, origin, issuer ?? ""]) expect(trouble?.zh.detail).toContain(fact);
  expect(trouble?.zh.remedy).toMatch(/。$/);
});

test("any other failure is none of a certificate", () => {
  expect(certificateTrouble("ECONNREFUSED", origin, null)).toBeNull();
});

test("the issuer is its common name, else its organisation, else unknown", () => {
  const shows = (certificate: unknown) => issuerOf({ getPeerCertificate: () => certificate } as never);

  expect(shows({ issuer: { CN: "Company Root", O: "Company" } })).toBe("Company Root");
  expect(shows({ issuer: { O: ["Company", "Other"] } })).toBe("Company");
  expect(shows({})).toBeNull();
  expect(shows(null)).toBeNull();
});
