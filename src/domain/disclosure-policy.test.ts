import { expect, it } from "vitest";
import { type DisclosurePolicy, isWiderPolicy } from "./disclosure-policy.ts";

const base: DisclosurePolicy = {
  comments: "command",
  attachments: "referenced",
  appAccounts: ["app-1"],
  securityLevels: ["10"],
};

it.each<{ name: string; after: Partial<DisclosurePolicy>; wider: boolean }>([
  { name: "the same", after: {}, wider: false },
  { name: "every comment", after: { comments: "all" }, wider: true },
  { name: "no comment", after: { comments: "none" }, wider: false },
  { name: "all files", after: { attachments: "all" }, wider: true },
  { name: "no files", after: { attachments: "none" }, wider: false },
  { name: "one more app account", after: { appAccounts: ["app-1", "app-2"] }, wider: true },
  { name: "another app account instead", after: { appAccounts: ["app-2"] }, wider: true },
  { name: "no app account", after: { appAccounts: [] }, wider: false },
  { name: "one more security level", after: { securityLevels: ["10", "11"] }, wider: true },
  { name: "less comments, more files", after: { comments: "none", attachments: "all" }, wider: true },
])("tells whether a policy lets out more: $name", ({ after, wider }) => {
  expect(isWiderPolicy(base, { ...base, ...after })).toBe(wider);
});
