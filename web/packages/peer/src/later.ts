/**
 * What a tab does without at first, in one piece: what two such pieces share would have to be a third one, which then
 * came with the first visit as well.
 */

export { sayAgain } from "./profile/again.ts";
export { become } from "./profile/restoring.ts";
export { saved } from "./profile/saving.ts";
export { Sessions } from "./sessions/sessions.ts";
