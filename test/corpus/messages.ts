/** Real-looking texts of both sides, made up, for docs/text.md. */
import type { Adf } from "../../simulators/jira/types.ts";

/** A message as OSM gives it. */
export type SampleMessage = {
  readonly title: string;
  readonly author: "customer" | "engineer" | "partner";
  readonly name: string;
  readonly content: string;
};
/** A comment as Jira gives it. */
export type SampleComment = { readonly title: string; readonly name: string; readonly body: Adf };

/** From Huawei, shown as Jira comments and, where a person would quote them, back as text. */
export const SAMPLE_MESSAGES: readonly SampleMessage[] = [
  {
    title: "Plain Chinese text",
    author: "engineer",
    name: "王伟",
    content:
      "您好，\n\n经核查，该云服务器（ECS）所在宿主机于 10:02 发生硬件告警，已自动迁移。\n请确认业务是否恢复。如有疑问请回复，谢谢！",
  },
  {
    title: "Plain English text with an address",
    author: "engineer",
    name: "Wang Wei",
    content:
      "Hello,\n\nplease open port 443 in the security group, see https://support.huaweicloud.com/intl/en-us/usermanual-vpc/en-us_topic_0073379079.html.\n\nBest regards",
  },
  {
    title: "A log in a plain text",
    author: "customer",
    name: "Li Lei",
    content:
      "It fails since this morning:\n2026-11-24 10:00:01 ERROR Pool is exhausted\n2026-11-24 10:00:02 ERROR Pool is exhausted\njava.lang.IllegalStateException: closed\n    at com.example.Pool.take(Pool.java:42)\n    at com.example.Job.run(Job.java:7)\nAny idea?",
  },
  {
    title: "Rich text with a list and marks",
    author: "engineer",
    name: "Wang Wei",
    content:
      '<p>Please run these <b>two</b> steps:</p><ol><li>stop the agent: <code>systemctl stop telescope</code></li><li>collect <i>all</i> logs<ul><li>/var/log/messages</li><li>/var/log/cloud-init.log</li></ul></li></ol><p>Then attach them here. <a href="https://support.huaweicloud.com">Help</a></p>',
  },
  {
    title: "A table",
    author: "engineer",
    name: "王伟",
    content:
      "<p>各节点状态如下：</p><table><tbody><tr><th>节点</th><th>状态</th><th>延迟</th></tr><tr><td>node-1</td><td>正常</td><td>2 ms</td></tr><tr><td>node-2</td><td><b>异常</b></td><td>1,800 ms</td></tr></tbody></table>",
  },
  {
    title: "Preformatted text and a picture",
    author: "partner",
    name: "Partner Ltd",
    content:
      '<div>Output of the command:</div><pre>Filesystem      Size  Used Avail Use%\n/dev/vda1        40G   38G  0.9G  98%</pre><div>See also:<br/><img src="https://osm.example/v2/accessorys/a1/image?x=1" alt="磁盘.png"></div>',
  },
  {
    title: "Fences typed by hand",
    author: "customer",
    name: "Li Lei",
    content: "My configuration:\n```yaml\nreplicas: 2\nimage: app:1.0\n```\nIs that right?",
  },
  {
    title: "Hostile rich text",
    author: "engineer",
    name: "\u202eWang [x]",
    content:
      "<p>Click <a href=\"javascript:alert(1)\">here</a> <script>alert('x')</script><img src=x onerror=alert(1)></p><p>replace <your-region> first\u202e</p><!-- hidden -->",
  },
];

const t = (text: string, ...marks: object[]) => ({ type: "text", text, ...(marks.length === 0 ? {} : { marks }) });
const p = (...content: object[]) => ({ type: "paragraph", content });
const doc = (...content: object[]): Adf => ({ type: "doc", version: 1, content }) as unknown as Adf;
const id = { localId: "1" };

/** From Jira, shown as the messages that Huawei gets. */
export const SAMPLE_COMMENTS: readonly SampleComment[] = [
  { title: "Plain Chinese text", name: "李雷", body: doc(p(t("已按步骤重启，问题依旧，请继续排查。"))) },
  {
    title: "Mention, date, emoji, status, link",
    name: "Han Meimei",
    body: doc(
      p(
        { type: "mention", attrs: { id: "5b1", text: "@Li Lei" } },
        t(" please look until "),
        { type: "date", attrs: { timestamp: "1796083200000" } },
        t(" "),
        { type: "emoji", attrs: { shortName: ":pray:", text: "🙏" } },
        t(", state: "),
        { type: "status", attrs: { text: "BLOCKED", color: "red" } },
        t(", "),
        t("run book", { type: "link", attrs: { href: "https://wiki.example/runbook" } }),
        t(". Do "),
        t("not", { type: "strike" }),
        t(" restart."),
      ),
    ),
  },
  {
    title: "Code, panel, tasks, decision",
    name: "Han Meimei",
    body: doc(
      { type: "codeBlock", attrs: { language: "bash" }, content: [t("kubectl get pods\nkubectl logs api-0")] },
      { type: "panel", attrs: { panelType: "warning" }, content: [p(t("Production is affected."))] },
      {
        type: "taskList",
        attrs: id,
        content: [
          { type: "taskItem", attrs: { ...id, state: "DONE" }, content: [t("restart")] },
          { type: "taskItem", attrs: { ...id, state: "TODO" }, content: [t("check the quota")] },
        ],
      },
      {
        type: "decisionList",
        attrs: id,
        content: [{ type: "decisionItem", attrs: { ...id, state: "DECIDED" }, content: [t("We roll back.")] }],
      },
    ),
  },
  {
    title: "Table, quote, expand",
    name: "Han Meimei",
    body: doc(
      {
        type: "table",
        content: [
          {
            type: "tableRow",
            content: [
              { type: "tableHeader", content: [p(t("node"))] },
              { type: "tableHeader", content: [p(t("状态"))] },
            ],
          },
          {
            type: "tableRow",
            content: [
              { type: "tableCell", content: [p(t("node-1"))] },
              { type: "tableCell", content: [p(t("正常"))] },
            ],
          },
        ],
      },
      { type: "blockquote", content: [p(t("Please confirm the time."))] },
      { type: "expand", attrs: { title: "Details" }, content: [p(t("Since 10:02 GMT+8."))] },
    ),
  },
  {
    title: "A picture and a card",
    name: "Han Meimei",
    body: doc(
      p(t("It looks like this:")),
      {
        type: "mediaSingle",
        attrs: { layout: "center" },
        content: [{ type: "media", attrs: { type: "file", id: "c1b7", collection: "", alt: "screenshot 1.png" } }],
      },
      p({ type: "inlineCard", attrs: { url: "https://jira.example/browse/OPS-9" } }),
    ),
  },
  {
    title: "What the text guard masks",
    name: "Li Lei",
    body: doc(p(t("root 密码是 Huawei@123，手机 13800138000，AK: HWAKQ7ZJ2M4XT9PLB3CD"))),
  },
];
