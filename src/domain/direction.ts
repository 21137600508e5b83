/** Which way something is carried. */

/** Both ways. */
export const directions = ["to-jira", "to-huawei"] as const;
export type Direction = (typeof directions)[number];

/** The way of what fails: a link as a whole belongs to both. */
export type FailureDirection = Direction | "both";
