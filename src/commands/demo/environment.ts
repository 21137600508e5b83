/**
 * The variables with which casebridge works on both simulators, as their people would set them: one connection, the simulators' own
 * credentials, every comment sent. Whoever runs on simulators adds to them. Pure.
 */
export function simulatedEnvironment(urls: { readonly huawei: string; readonly jira: string }) {
  return {
    HUAWEI_OSM_ENDPOINT: urls.huawei,
    HUAWEI_IAM_ENDPOINT: urls.huawei,
    HUAWEICLOUD_SDK_AK: "SIMAK",
    HUAWEICLOUD_SDK_SK: "SIMSK",
    HUAWEICLOUD_SDK_DOMAIN_ID: "simdomain0000000000000000000001",
    JIRA_HOST: urls.jira,
    JIRA_EMAIL: "bot@example.com",
    JIRA_API_TOKEN: "SIMTOKEN",
    JIRA_PROJECT_KEY: "OPS",
    COMMENTS_TO_HUAWEI: "all",
  } as const;
}

/** The pace of the demo: soon enough to watch, and slow enough to follow. Written after `livelyRhythm`, it goes before it. */
export const demoPace = {
  SETTLE_MESSAGE_SECONDS: "3",
  SETTLE_LIST_SECONDS: "3",
  SETTLE_SEARCH_SECONDS: "5",
  CASES_CRON: "*/2 * * * * *",
  ISSUES_CRON: "*/2 * * * * *",
  CASES_CREATED_AFTER: "2020-01-01",
} as const;

/** Rounds and budgets for somebody who watches: a simulator has no limits that a round a second would use up. */
export const livelyRhythm = {
  HUAWEI_REQUESTS_PER_SECOND: "100",
  JIRA_REQUESTS_PER_SECOND: "100",
  CASES_CRON: "* * * * * *",
  ISSUES_CRON: "* * * * * *",
  CHECK_CRON: "*/10 * * * * *",
} as const;
