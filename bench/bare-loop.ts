/**
 * The bare loop: the least that any program must send to import the cases of one account, and nothing else. No memory, no marks, no
 * budget. Argument: JSON `{ huawei, jira, inFlight }`. Prints one JSON line with the number of requests.
 */

type Options = { readonly huawei: string; readonly jira: string; readonly inFlight: number };
type WireFile = { readonly accessory_id: string; readonly file_actual_name: string };
type WireMessage = {
  readonly content: string;
  readonly is_first_message: unknown;
  readonly accessory_list?: WireFile[];
};

const pageSize = 100;
const labelsPerQuery = 50;

const options = JSON.parse(process.argv[2] ?? "{}") as Options;
const token = await login();
const toHuawei = {
  "x-auth-token": token,
  "x-language": "en-us",
  "x-time-zone": "GMT+8",
  "content-type": "application/json",
};
const authorization = `Basic ${Buffer.from("bot@example.com:SIMTOKEN").toString("base64")}`;
let requests = 0;

const caseIds: string[] = [];
for (let offset = 0, total = 1; offset < total; offset += pageSize) {
  const page = await send(`${options.huawei}/v2/servicerequest/cases?limit=${pageSize}&offset=${offset}`, toHuawei);
  const body = (await page.json()) as {
    total_count?: number;
    count?: number;
    incident_info_list: { incident_id: string }[];
  };
  total = body.total_count ?? body.count ?? 0;
  caseIds.push(...body.incident_info_list.map((entry) => entry.incident_id));
}
for (let start = 0; start < caseIds.length; start += labelsPerQuery) {
  const labels = caseIds.slice(start, start + labelsPerQuery).map((caseId) => `"hwcase-${caseId}"`);
  const jql = `project = "OPS" AND labels in (${labels.join(", ")})`;
  await jira("POST", "/rest/api/3/search/jql", { jql, fields: ["labels"], maxResults: 100 });
}
const waiting = [...caseIds];
await Promise.all(
  Array.from({ length: options.inFlight }, async () => {
    for (let caseId = waiting.shift(); caseId !== undefined; caseId = waiting.shift()) await copyCase(caseId);
  }),
);
console.log(JSON.stringify({ requests }));

async function copyCase(caseId: string): Promise<void> {
  const answer = await send(`${options.huawei}/v2/servicerequest/cases/${caseId}`, toHuawei);
  const { incident_detail_info: detail } = (await answer.json()) as {
    incident_detail_info: { simple_description?: string; message_list?: WireMessage[] };
  };
  const created = await jira("POST", "/rest/api/3/issue", {
    fields: {
      project: { key: "OPS" },
      issuetype: { name: "Task" },
      summary: `[${caseId}]`,
      labels: [`hwcase-${caseId}`, "huawei-cloud"],
      description: toAdf(detail.simple_description ?? "-"),
    },
    properties: [{ key: "casebridge", value: { caseId } }],
  });
  const { id } = (await created.json()) as { id: string };
  for (const message of detail.message_list ?? []) {
    for (const file of message.accessory_list ?? []) await copyFile(id, file);
    if (message.is_first_message === 1 || message.is_first_message === true || message.is_first_message === "1")
      continue;
    await (
      await jira("POST", `/rest/api/3/issue/${id}/comment`, {
        body: toAdf(message.content),
        properties: [{ key: "casebridge", value: { caseId } }],
      })
    ).arrayBuffer();
  }
}

async function copyFile(issueId: string, file: WireFile): Promise<void> {
  const bytes = await (
    await send(`${options.huawei}/v2/servicerequest/accessorys/${file.accessory_id}`, toHuawei)
  ).blob();
  const form = new FormData();
  form.append("file", bytes, file.file_actual_name);
  const url = `${options.jira}/rest/api/3/issue/${issueId}/attachments`;
  const headers = { authorization, "x-atlassian-token": "no-check" };
  await (await send(url, headers, { method: "POST", body: form })).arrayBuffer();
}

async function jira(method: string, path: string, body: object): Promise<Response> {
  const headers = { authorization, "content-type": "application/json" };
  return send(options.jira + path, headers, { method, body: JSON.stringify(body) });
}

async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  rest: { readonly method?: string; readonly body?: string | FormData } = {},
): Promise<Response> {
  requests += 1;
  const answer = await fetch(url, { headers, ...rest });
  if (!answer.ok) throw new Error(`${rest.method ?? "GET"} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

function toAdf(text: string): object {
  return { type: "doc", version: 1, content: [{ type: "paragraph", content: [{ type: "text", text }] }] };
}

async function login(): Promise<string> {
  const user = { name: "simuser", password: "simpass", domain: { name: "simdomain" } };
  const auth = { identity: { methods: ["password"], password: { user } }, scope: { domain: { name: "simdomain" } } };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${options.huawei}/v3/auth/tokens`, {
    method: "POST",
    headers,
    body: JSON.stringify({ auth }),
  });
  return answer.headers.get("x-subject-token") ?? "";
}
