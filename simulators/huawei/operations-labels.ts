/** Labels of the account, labels of a case, links between cases. */
import { type Answer, type Call, DONE, fail, findCase, json, type Operation, page } from "./context.ts";
import { RefusedRequest } from "./errors.ts";
import { insertLabel, type Label, setLabels, trueLabelIds } from "./state.ts";
import { numberOf, textOf, textsOf } from "./validate.ts";
import { renderLabels } from "./wire.ts";

/** Labels per case (huawei.md 6). */
const LABELS_PER_CASE = 5;

function ownLabels(call: Call): Label[] {
  return [...call.core.state.labels.values()].filter((label) => label.domainId === call.account.domainId);
}

function listLabels(call: Call): Answer {
  const name = textOf(call.query, "name")?.toLowerCase();
  const labelId = numberOf(call.query, "label_id");
  const found = ownLabels(call).filter(
    (label) =>
      (name === undefined || label.name.toLowerCase().includes(name)) &&
      (labelId === undefined || label.labelId === labelId),
  );
  const shown = page(found, numberOf(call.query, "offset"), numberOf(call.query, "limit") ?? 10);
  return json({
    total_count: found.length,
    label_list: shown.map((label) => ({ label_id: label.labelId, name: label.name, color: label.color })),
  });
}

/** Name up to 64 (openapi LabelInfo), colour like #000000. Assumed: names are unique in an account. */
function readLabel(call: Call, except: number | null): { name: string; color: string } {
  const name = textOf(call.body, "name") ?? "";
  const color = textOf(call.body, "color") ?? "";
  if (name.trim() === "" || name.length > 64) throw new RefusedRequest("label name is not text of 1 to 64");
  if (!/^#[0-9a-fA-F]{6}$/.test(color)) throw new RefusedRequest("label color is not like #000000");
  if (ownLabels(call).some((label) => label.name === name && label.labelId !== except)) {
    throw fail(call, "OSM.01010001", "label name exists");
  }
  return { name, color };
}

function findLabel(call: Call, labelId: number): Label {
  const label = call.core.state.labels.get(labelId);
  if (label === undefined || label.domainId !== call.account.domainId) {
    throw fail(call, "OSM.01010001", "label does not exist");
  }
  return label;
}

function createLabel(call: Call): Answer {
  // The answer has no label ID; it is found again by name.
  insertLabel(call.core, { domainId: call.account.domainId, ...readLabel(call, null) });
  return DONE;
}

function updateLabel(call: Call): Answer {
  const label = findLabel(call, Number(call.path.label_id));
  Object.assign(label, readLabel(call, label.labelId));
  return DONE;
}

function deleteLabel(call: Call): Answer {
  call.core.state.labels.delete(findLabel(call, Number(call.path.label_id)).labelId);
  return DONE;
}

function listCaseLabels(call: Call): Answer {
  const record = findCase(call, String(call.path.case_id), "any");
  return json({ case_label_list: renderLabels(call.core, record) });
}

function changeCaseLabels(call: Call, change: (before: readonly number[], ids: readonly number[]) => number[]): Answer {
  const record = findCase(call, String(call.path.case_id), "any", "write");
  const ids = textsOf(call.query, "label_ids").map(Number);
  if (ids.length === 0) throw new RefusedRequest("label_ids is empty");
  for (const labelId of ids) findLabel(call, labelId);
  const known = trueLabelIds(record).filter((labelId) => call.core.state.labels.has(labelId));
  const after = change(known, ids);
  if (after.length > LABELS_PER_CASE) throw fail(call, "OSM.01010001", "a case has at most 5 labels");
  setLabels(call.core, record, after);
  return DONE;
}

function attachLabels(call: Call): Answer {
  return changeCaseLabels(call, (before, ids) => [...new Set([...before, ...ids])]);
}

function detachLabels(call: Call): Answer {
  return changeCaseLabels(call, (before, ids) => before.filter((labelId) => !ids.includes(labelId)));
}

function listRelations(call: Call): Answer {
  const record = findCase(call, String(call.path.case_id), "any");
  const related = record.relatedIds.flatMap((caseId) => {
    const other = call.core.state.cases.get(caseId);
    return other === undefined ? [] : [other];
  });
  return json({
    case_relation_list: related.map((other) => ({
      case_id: other.caseId,
      simple_description: other.description,
      user_name: other.ownerName,
    })),
  });
}

function createRelations(call: Call): Answer {
  const groupId = textOf(call.body, "group_id");
  const record = findCase(call, String(call.path.case_id), groupId, "write");
  const others = textsOf(call.body, "related_id_list").map((caseId) => findCase(call, caseId, groupId, "write"));
  for (const other of others) {
    if (other === record) throw fail(call, "OSM.01010001", "a case cannot be linked to itself");
    // Assumed: a link holds in both directions.
    record.relatedIds = [...new Set([...record.relatedIds, other.caseId])];
    other.relatedIds = [...new Set([...other.relatedIds, record.caseId])];
  }
  return DONE;
}

function deleteRelation(call: Call): Answer {
  const groupId = textOf(call.body, "group_id");
  const record = findCase(call, String(call.path.case_id), groupId, "write");
  const other = findCase(call, textOf(call.body, "related_id") ?? "", groupId, "write");
  if (!record.relatedIds.includes(other.caseId)) throw fail(call, "OSM.01010001", "the cases are not linked");
  record.relatedIds = record.relatedIds.filter((caseId) => caseId !== other.caseId);
  other.relatedIds = other.relatedIds.filter((caseId) => caseId !== record.caseId);
  return DONE;
}

/** The operations of this file by operationId. */
export const LABEL_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListLabels: listLabels,
  CreateLabels: createLabel,
  UpdateLabels: updateLabel,
  DeleteLabels: deleteLabel,
  ListCaseLabels: listCaseLabels,
  CreateCaseLabels: attachLabels,
  DeleteCaseLabels: detachLabels,
  ListRelation: listRelations,
  CreateRelations: createRelations,
  DeleteRelation: deleteRelation,
};
