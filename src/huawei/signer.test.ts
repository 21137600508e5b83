import { expect, test } from "vitest";
import { signHeaders } from "./signer.ts";

const keys = { ak: "AKEXAMPLE", sk: "SKEXAMPLE" };
const common = {
  origin: "https://osm.cn-south-1.myhuaweicloud.com",
  headers: { "content-type": "application/json", "x-domain-id": "0123456789abcdef0123456789abcdef" },
  date: new Date("2026-01-02T03:04:05Z"),
};

test("a signed read carries the signature of the vendor's first vector", () => {
  const headers = signHeaders(
    {
      ...common,
      method: "GET",
      path: "/v2/servicerequest/cases/instant-messages",
      query: { case_ids: "TT1,TT2", last_message_time_id: "1767322800000" },
      json: null,
    },
    keys,
  );

  expect(headers.Authorization).toBe(
    "SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=content-type;host;x-domain-id;x-sdk-date, " +
      "Signature=f5df733b6432d32d994df9d254bb62e6e793685bb3b42c8bcc1105189014c394",
  );
});

test("a signed write carries the signature of the vendor's second vector", () => {
  const headers = signHeaders(
    {
      ...common,
      method: "POST",
      path: "/v2/servicerequest/cases/TT1/message",
      query: {},
      json: { message: { content: "hello" } },
    },
    keys,
  );

  expect(headers.Authorization).toContain("31c5e2bc934d5293995a89ddf62b26bc1032e5cf70691cce304ee4d972e8e525");
});

test("a multipart upload is signed without its bytes and keeps its content type", () => {
  const contentType = "multipart/form-data; boundary=x";
  const headers = signHeaders(
    { ...common, headers: { "content-type": contentType }, method: "POST", path: "/a", query: {}, json: null },
    keys,
  );

  expect(headers["X-Sdk-Content-Sha256"]).toBe("UNSIGNED-PAYLOAD");
  expect(headers["content-type"]).toBe(contentType);
  expect(headers.Authorization).toContain("x-sdk-content-sha256");
});
