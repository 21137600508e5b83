import { describe, expect, it } from "vitest";
import { guardAuthorLine, guardFileName } from "./guarded-names.ts";

const mask = { mode: "mask" } as const;

describe("guardAuthorLine", () => {
  it("names the author, what the author is to Huawei, or nobody", () => {
    const lines = (["name", "role", "none"] as const).map((mode) => guardAuthorLine("Li Lei", mode, mask).text);
    expect(lines).toEqual(["Li Lei:", "Customer / 客户:", ""]);
    expect(guardAuthorLine("[x]\ny", "name", mask).text).toBe("x y:");
  });

  it("masks what a name should not say, without the brackets of a mark", () => {
    expect(guardAuthorLine("Li Lei 13800138001", "name", mask)).toEqual({
      text: "Li Lei masked: phone number:",
      masked: [{ name: "phone number", count: 1 }],
    });
    expect(guardAuthorLine("Li Lei 13800138001", "role", mask).masked).toEqual([]);
    expect(guardAuthorLine("Li Lei 13800138001", "name", { mode: "off" }).text).toBe("Li Lei 13800138001:");
  });
});

describe("guardFileName", () => {
  it.each([
    ["screen 1.png", "screen 1.png"],
    ["log-13800138001.txt", "log-(masked phone number).txt"],
    ["dump_13800138001.log", "dump (masked phone number).log"],
    ["password=hunter2hunter2.zip", "password=(masked password).zip"],
    ["../password=Sommer.Winter2024", "password=(masked password)"],
    ["AKIAIOSFODNN7EXAMPLE.tar", "(masked AWS key).tar"],
    ["电话13800138001.PNG", "电话(masked phone number).PNG"],
  ])("lets %j out as %j", (name, shown) => {
    const { text } = guardFileName(name, mask);

    expect(text).toBe(shown);
    expect(guardFileName(text, mask)).toEqual({ text, masked: [] });
  });

  it("leaves names alone where the guard is off", () => {
    expect(guardFileName("log-13800138001.txt", { mode: "off" }).text).toBe("log-13800138001.txt");
  });
});
