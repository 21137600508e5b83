/** Every operation that is served, by its name in openapi.json. */
import type { Operation } from "./context.ts";
import { ACCESSORY_OPERATIONS } from "./operations-accessories.ts";
import { ACCOUNT_OPERATIONS } from "./operations-account.ts";
import { CASE_OPERATIONS } from "./operations-cases.ts";
import { CONFIG_OPERATIONS } from "./operations-config.ts";
import { LABEL_OPERATIONS } from "./operations-labels.ts";
import { MESSAGE_OPERATIONS } from "./operations-messages.ts";
import { V1_OPERATIONS } from "./v1.ts";

/** The handlers by operationId. */
export const HUAWEI_OPERATIONS: Readonly<Record<string, Operation>> = {
  ...CASE_OPERATIONS,
  ...MESSAGE_OPERATIONS,
  ...ACCESSORY_OPERATIONS,
  ...LABEL_OPERATIONS,
  ...CONFIG_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  ...V1_OPERATIONS,
};
