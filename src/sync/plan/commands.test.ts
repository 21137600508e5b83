import { describe, expect, it } from "vitest";
import { parseCommand } from "./command-text.ts";

describe("commands in comments", () => {
  it.each([
    ["/urge", { name: "urge" }],
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
    ["/closed", null],
    ["/close-up", null],
    ["please /close", null],
    ["hello", null],
    ["", null],
  ])("reads %j", (text, expected) => {
    expect(parseCommand(text)).toEqual(expected);
  });
});
