import { describe, expect, it } from "vitest";
import { isCaseText, parseCommand, withoutCase } from "../../domain/command-text.ts";

describe("commands in comments", () => {
  it.each([
    ["/urge", { name: "urge" }],
    ["／status。", { name: "status" }],
    ["/Resync", { name: "resync" }],
    ["/status of what", { name: "usage", of: "status" }],
    ["  /Close \n", { name: "close" }],
    ["/cancel", { name: "cancel" }],
    ["/rate 5", { name: "rate", stars: 5, text: "" }],
    ["/rate 1 too slow\nreally", { name: "rate", stars: 1, text: "too slow\nreally" }],
    ["/rate", { name: "usage", of: "rate" }],
    ["/rate 6", { name: "usage", of: "rate" }],
    ["/rate 5stars", { name: "usage", of: "rate" }],
    ["/close it please", { name: "usage", of: "close" }],
    ["/case", { name: "usage", of: "case" }],
    ["/case hello", null],
    ["/closed", { name: "usage", of: "closed" }],
    ["/close-up", null],
    ["please /close", null],
    ["hello", null],
    ["", null],
    // As input methods, chats and sentences write them.
    ["\u200b/close", { name: "close" }],
    ["/close\u200b", { name: "close" }],
    ["\ufeff/clo\u00adse\u00a0", { name: "close" }],
    ["／ｃｌｏｓｅ", { name: "close" }],
    ["、close", { name: "close" }],
    ["\u3000/urge。", { name: "urge" }],
    ["/cancel.", { name: "cancel" }],
    ["/CLOSE!!", { name: "close" }],
    ["/close?", { name: "usage", of: "close" }],
    ["/close👍", { name: "usage", of: "close" }],
    ["/rate\u00a0５，谢谢", { name: "rate", stars: 5, text: "谢谢" }],
    ["／rate４", { name: "rate", stars: 4, text: "" }],
    ["/rate: 3. fine", { name: "rate", stars: 3, text: "fine" }],
    ["/case\u200b", { name: "usage", of: "case" }],
    ["/release masked", { name: "release", word: "masked", item: null }],
    ["／Release　As-Is。", { name: "release", word: "as_is", item: null }],
    ["/release as is 10042", { name: "release", word: "as_is", item: "10042" }],
    ["/release as\u2013is #10042", { name: "release", word: "as_is", item: "10042" }],
    ["/release masked changes", { name: "release", word: "masked", item: "changes" }],
    ["/release", { name: "usage", of: "release" }],
    ["/release it", { name: "usage", of: "release" }],
    ["/release as-is?", { name: "usage", of: "release" }],
    ["/release as-is all of it", { name: "usage", of: "release" }],
    // What looks like a command and is none.
    ["/clsoe", { name: "usage", of: "clsoe" }],
    ["/reopen please", { name: "usage", of: "reopen" }],
    ["／催办", { name: "usage", of: "催办" }],
    ["/constructor", { name: "usage", of: "constructor" }],
    // What does not.
    ["/var/log/messages is full", null],
    ["/tmp is full", null],
    ["/api.example/v1 answers 502", null],
    ["// a comment of code", null],
    ["/ close", null],
    ["、你好", null],
    ["/close/now", null],
  ])("reads %j", (text, expected) => {
    expect(parseCommand(text)).toEqual(expected);
  });
});

describe("/case text", () => {
  it.each([
    ["/case hello", "hello"],
    ["  /CASE\n  hello\n  you", "hello\n  you"],
    ["\u200b／case　你好", "你好"],
    ["/case：你好", "你好"],
    ["、case hello", "hello"],
  ])("sends what follows: %j", (text, expected) => {
    expect(isCaseText(text)).toBe(true);
    expect(parseCommand(text)).toBeNull();
    expect(withoutCase(text)).toBe(expected);
  });

  it.each(["/cases hello", "/case", "case hello", "see /case hello"])("is not what %j is", (text) => {
    expect(isCaseText(text)).toBe(false);
    expect(withoutCase(text)).toBe(text);
  });
});
