/** What several schemas of the API are made of. */
import { z } from "zod";

/** A list; nobody changes it. */
export const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();
/** A whole number from 0. */
export const count = z.int().min(0);
/** A moment: sent as ISO text with zone. */
export const moment = z.date();
/** One of the two services. */
export const side = z.enum(["huawei", "jira"]);
/** The longest text that is asked for or sent. */
export const textMax = 200;
/** Shape of an id. */
export const idShape = /^\d{1,18}$/;
