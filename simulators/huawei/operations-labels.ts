/** Labels of the account, labels of a case, links between cases. */
import { type Answer, type Call, findCase, json, type Operation, page } from "./context.ts";
import type { Label } from "./state.ts";
import { numberOf, textOf } from "./values.ts";
import { renderLabels } from "./wire.ts";

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

function listCaseLabels(call: Call): Answer {
  const record = findCase(call, String(call.path.case_id), "any");
  return json({ case_label_list: renderLabels(call.core, record) });
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

/** The operations of this file by operationId. */
export const LABEL_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListLabels: listLabels,
  ListCaseLabels: listCaseLabels,
  ListRelation: listRelations,
};
