/** What the flows write down of news is what silence is judged by: each kind of it ends a silence. */
import { expect, test } from "vitest";
import { makeSilenceReader } from "../../src/store/news.ts";
import { type Stage, startStage } from "../support/stage.ts";

const hourMs = 3_600_000;

/** Five weeks with news every hour, up to five hours ago. */
async function history(stage: Stage): Promise<void> {
  await stage.database.pool.query(
    `INSERT INTO audit (at, "connectionName", side, action, item, result)
     SELECT $1::timestamptz - n * interval '1 hour', 'default', side, CASE side WHEN 'jira' THEN 'comment' ELSE 'message' END, 'x', 'x'
     FROM generate_series(5, 840) AS n, unnest(ARRAY['jira', 'huawei']) AS side`,
    [stage.clock.now()],
  );
}

type Act = (stage: Stage, at: { readonly caseId: string; readonly issueKey: string }) => Promise<void>;

const news: readonly (readonly [what: string, direction: "to-jira" | "to-huawei", act: Act])[] = [
  [
    "a message of an engineer",
    "to-jira",
    async (stage, { caseId }) => {
      stage.huawei.addMessage({ caseId, author: "engineer", content: "We look into it." });
      await stage.round();
    },
  ],
  [
    "a status of the case",
    "to-jira",
    async (stage, { caseId }) => {
      stage.huawei.setStatus({ caseId, status: 2 });
      await stage.round();
    },
  ],
  [
    "a new case",
    "to-jira",
    async (stage) => {
      stage.huawei.createCase({ description: "Another one" });
      await stage.round();
    },
  ],
  [
    "a comment of a person",
    "to-huawei",
    async (stage, { issueKey }) => {
      stage.jira.addComment({ issue: issueKey, text: "It is still down." });
      await stage.settle(3);
    },
  ],
];

test.each(news)("%s ends the silence of its direction, and not of the other one", async (_what, direction, act) => {
  const stage = await startStage();
  try {
    const { caseId } = stage.huawei.createCase({ description: "It is down" });
    await stage.round();
    await stage.settle(2);
    await stage.database.pool.query("TRUNCATE audit");
    await history(stage);
    const silent = async () => {
      const read = makeSilenceReader({ prisma: stage.database.prisma, clock: stage.clock });
      return (await read()).map((silence) => silence.direction).sort();
    };
    expect(await silent()).toEqual(["to-huawei", "to-jira"]);

    await act(stage, { caseId, issueKey: stage.jira.getState().issues[0]?.key ?? "" });

    expect(await silent()).toEqual(["to-huawei", "to-jira"].filter((other) => other !== direction));
    stage.advance(6 * hourMs);
    expect(await silent()).toEqual(["to-huawei", "to-jira"]);
  } finally {
    await stage.close();
  }
});
