/**
 * The codes of the errors that a page can meet, and what goes with each: rows of `tests/vectors/errors.json`, which
 * Python's classes are held to as well.
 *
 * `side`: local is you or this machine, remote the other side or somebody between. `exit` is the command line's, `wire`
 * the number in frames, where it travels in any.
 */

export interface ErrorKind {
  readonly side: "local" | "remote";
  readonly exit: number;
  readonly wire: number | null;
  readonly text: string;
  readonly hint: string;
}

export const ERRORS = {
  FAILED: { side: "local", exit: 1, wire: null, text: "It failed", hint: "" },
  LOCAL_ERROR: { side: "local", exit: 1, wire: null, text: "It failed", hint: "" },
  REMOTE_ERROR: { side: "remote", exit: 1, wire: null, text: "It failed", hint: "" },
  INVALID_PEER_ID: {
    side: "local", exit: 2, wire: null, text: "Not a peer id",
    hint: "A peer id has 52 characters and begins with 12D3KooW.",
  },
  INVALID_ADDRESS: {
    side: "local", exit: 2, wire: null, text: "Not a Wherry address",
    hint: "Ask for it again, or copy it once more.",
  },
  INVALID_LINK: {
    side: "local", exit: 2, wire: null, text: "Not an invite link",
    hint: "It looks like http://host:4770/#/add/… or wherry:…?via=host:4770.",
  },
  INVALID_MULTIADDR: {
    side: "local", exit: 2, wire: null, text: "Not a usable multiaddr",
    hint: "It looks like /ip4/192.0.2.7/tcp/4770/ws/p2p/12D3KooW…",
  },
  IDENTITY_CORRUPT: {
    side: "local", exit: 1, wire: null, text: "The identity file is damaged",
    hint: "Nothing was changed. Put back a copy, or move the file away to begin as somebody new.",
  },
  EXPORT_CORRUPT: {
    side: "local", exit: 1, wire: null, text: "The exported file is damaged",
    hint: "Nothing was changed. Use another copy.",
  },
  EXPORT_LOCKED: { side: "local", exit: 6, wire: null, text: "The passphrase does not open this file", hint: "Try again." },
  NO_NETWORK: {
    side: "local", exit: 1, wire: null, text: "There is no network",
    hint: "Wherry goes on by itself when there is one.",
  },
  CLOSED: { side: "local", exit: 1, wire: null, text: "Already closed", hint: "" },
  MALFORMED: {
    side: "remote", exit: 1, wire: 400, text: "Received something malformed",
    hint: "The other side may run a broken or newer version.",
  },
  BAD_SIGNATURE: {
    side: "remote", exit: 1, wire: null, text: "A signature does not match",
    hint: "It was dropped; somebody in between may be tampering.",
  },
  NOT_FOR_US: {
    side: "remote", exit: 1, wire: null, text: "Received something meant for another peer",
    hint: "It was dropped.",
  },
  CANNOT_OPEN: {
    side: "remote", exit: 1, wire: null, text: "A sealed envelope does not open",
    hint: "It was dropped; the sender may hold an old record of us.",
  },
  STALE_DOCUMENT: {
    side: "remote", exit: 1, wire: null, text: "A newer record is known",
    hint: "The older one was not used.",
  },
  EXPIRED_DOCUMENT: {
    side: "remote", exit: 1, wire: null, text: "The record is outside its lifetime",
    hint: "Check both computers' clocks.",
  },
  WRONG_PEER: {
    side: "remote", exit: 1, wire: null, text: "Somebody else answers at this address",
    hint: "The connection was dropped: the address is old.",
  },
  VERSION_MISMATCH: {
    side: "remote", exit: 1, wire: null, text: "The versions do not fit",
    hint: "Update the older one.",
  },
  HANDSHAKE_FAILED: {
    side: "remote", exit: 1, wire: null, text: "The handshake failed",
    hint: "Somebody in between may be tampering, or it is no Wherry endpoint.",
  },
  ENDPOINT_UNREACHABLE: {
    side: "remote", exit: 4, wire: null, text: "The endpoint does not answer",
    hint: "Check the address, and that a node runs there.",
  },
  ENDPOINT_LOST: {
    side: "remote", exit: 1, wire: null, text: "The connection to the endpoint ended",
    hint: "It is tried again by itself.",
  },
  ENDPOINT_TIMEOUT: {
    side: "remote", exit: 5, wire: null, text: "The endpoint did not answer in time",
    hint: "Another is tried by itself.",
  },
  NO_RESERVATION: {
    side: "remote", exit: 4, wire: 204, text: "The peer is not there",
    hint: "Try again when it is back.",
  },
  QUOTA: {
    side: "remote", exit: 6, wire: 201, text: "A limit of the other side is used up",
    hint: "Wait a minute and try again.",
  },
  DELIVERY_FAILED: {
    side: "remote", exit: 1, wire: 203, text: "It could not be passed on",
    hint: "Another way is tried by itself.",
  },
  BAD_REQUEST: {
    side: "local", exit: 2, wire: null, text: "The request is not usable",
    hint: "Its shape is in /api/openapi.json.",
  },
  UNKNOWN_PEER: {
    side: "local", exit: 4, wire: null, text: "Nobody here fits that name",
    hint: "Give a whole peer id, an address or an invite link.",
  },
  DISK_FULL: {
    side: "local", exit: 1, wire: null, text: "The disk is full",
    hint: "Make room; the node goes on with what it has.",
  },
  IDENTITY_ELSEWHERE: {
    side: "local", exit: 1, wire: null, text: "This identity also runs elsewhere",
    hint: "Stop one of the two; this one no longer publishes.",
  },
  CLOCK_WRONG: {
    side: "local", exit: 1, wire: null, text: "This computer's clock is wrong",
    hint: "Set the clock; Wherry goes by network time meanwhile.",
  },
  SEND_BUFFER_FULL: {
    side: "local", exit: 1, wire: null, text: "The send buffer is full",
    hint: "Await write() before writing more.",
  },
  STREAM_CLOSED: { side: "local", exit: 1, wire: null, text: "The stream is closed", hint: "Open another." },
  SERIALIZER_FAILED: {
    side: "local", exit: 1, wire: null, text: "The message cannot be serialized",
    hint: "Its type is not what its opcode was registered with.",
  },
  ENGINE_MISSING: {
    side: "local", exit: 2, wire: null, text: "This engine is not installed",
    hint: "Install it, or use the engine aiortc.",
  },
  DATABASE_CORRUPT: {
    side: "local", exit: 1, wire: null, text: "The database is damaged",
    hint: "Nothing was changed. Put back a copy, or move the file away.",
  },
  ALREADY_FRIENDS: { side: "local", exit: 1, wire: null, text: "You are friends already", hint: "" },
  NOT_FRIENDS: {
    side: "local", exit: 6, wire: null, text: "You are not friends",
    hint: "Ask for their address: wherry friend add ADDRESS",
  },
  NO_REQUEST: {
    side: "local", exit: 4, wire: null, text: "There is no such request",
    hint: "See what there is: wherry friend list",
  },
  PEER_BLOCKED: {
    side: "local", exit: 6, wire: null, text: "You have blocked this peer",
    hint: "Lift that first: wherry friend unblock PEER",
  },
  UNKNOWN_LABEL: {
    side: "local", exit: 4, wire: null, text: "No address has this label",
    hint: "See the labels: wherry address list",
  },
  TOO_MANY_ADDRESSES: {
    side: "local", exit: 1, wire: null, text: "There are too many addresses",
    hint: "Rotate one that you have: wherry address rotate LABEL",
  },
  AVATAR_REFUSED: {
    side: "local", exit: 2, wire: null, text: "This picture cannot be used",
    hint: "Take a PNG, JPEG or WebP of at most 64 KiB.",
  },
  MESSAGE_TOO_LARGE: {
    side: "local", exit: 2, wire: null, text: "The message is too large",
    hint: "Send it in parts.",
  },
  UNKNOWN_MESSAGE: {
    side: "local", exit: 4, wire: null, text: "There is no such message",
    hint: "It may have been deleted.",
  },
  OUTBOX_FULL: {
    side: "local", exit: 1, wire: null, text: "Too much waits for this peer",
    hint: "Wait until the peer has been back.",
  },
  PEER_NOT_FOUND: {
    side: "remote", exit: 4, wire: null, text: "Nobody knows this peer now",
    hint: "Ask for a fresh invite.",
  },
  DIAL_FAILED: {
    side: "remote", exit: 4, wire: null, text: "The peer could not be reached",
    hint: "See why: wherry explain PEER",
  },
  DIAL_TIMEOUT: {
    side: "remote", exit: 5, wire: null, text: "The peer did not answer in time",
    hint: "See why: wherry explain PEER",
  },
  NEGOTIATION_FAILED: {
    side: "remote", exit: 4, wire: null, text: "The two sides could not agree on a connection",
    hint: "See why: wherry explain PEER",
  },
  ICE_FAILED: {
    side: "remote", exit: 4, wire: null, text: "The peer answered, but no path leads to it",
    hint: "Try another network, or a relay.",
  },
  REFUSED_BY_PEER: {
    side: "remote", exit: 6, wire: 2, text: "The peer does not accept this",
    hint: "Ask the person behind it to let you in.",
  },
  POLICY_REFUSED: {
    side: "remote", exit: 6, wire: 3, text: "Policy does not allow this peer",
    hint: "Allow it in the configuration.",
  },
  PEER_BANNED: {
    side: "remote", exit: 6, wire: 4, text: "The peer is banned here for a while",
    hint: "Wait, or lift the ban.",
  },
  CONNECTION_LOST: {
    side: "remote", exit: 1, wire: 5, text: "The connection was lost",
    hint: "It can be dialled again.",
  },
  PEER_RESTARTED: {
    side: "remote", exit: 1, wire: 6, text: "The peer has started anew",
    hint: "Open the stream again.",
  },
  PEER_CLOSED: {
    side: "remote", exit: 1, wire: 7, text: "The peer closed the connection",
    hint: "It can be dialled again.",
  },
  STREAM_RESET: {
    side: "remote", exit: 1, wire: 8, text: "The peer reset the stream",
    hint: "Open it again if you need it.",
  },
  STREAM_REFUSED: {
    side: "remote", exit: 6, wire: 9, text: "The peer does not serve this stream",
    hint: "Check the name, and that you are allowed.",
  },
  FLOW_VIOLATION: {
    side: "remote", exit: 1, wire: 10, text: "The peer sent more than it may",
    hint: "The connection was closed.",
  },
  PROTOCOL_VIOLATION: {
    side: "remote", exit: 1, wire: 11, text: "The peer broke the protocol",
    hint: "The connection was closed.",
  },
  RECEIVE_TIMEOUT: { side: "remote", exit: 5, wire: null, text: "No message came in time", hint: "" },
  UNSUPPORTED: { side: "remote", exit: 1, wire: 12, text: "The peer does not offer this", hint: "" },
  LIMIT_EXCEEDED: {
    side: "remote", exit: 6, wire: 13, text: "A limit is reached",
    hint: "Wait a minute and try again.",
  },
  LOOK_UP_FAILED: {
    side: "remote", exit: 4, wire: null, text: "The DHT could not be asked",
    hint: "See what is wrong: wherry status",
  },
  PUBLISH_FAILED: {
    side: "remote", exit: 1, wire: null, text: "Nobody took the record",
    hint: "It is tried again by itself.",
  },
  OLD_ADDRESS: {
    side: "remote", exit: 6, wire: null, text: "This address is no longer valid",
    hint: "Ask for a new one.",
  },
  PEER_FULL: { side: "remote", exit: 1, wire: null, text: "The peer can take no more now", hint: "Try again later." },
  REQUEST_DECLINED: { side: "remote", exit: 6, wire: null, text: "The request was declined", hint: "" },
  MESSAGE_EXPIRED: {
    side: "remote", exit: 5, wire: null, text: "The peer was away for too long",
    hint: "Send it again.",
  },
  MESSAGE_WITHDRAWN: { side: "remote", exit: 1, wire: null, text: "It was taken back before it arrived", hint: "" },
} as const satisfies Readonly<Record<string, ErrorKind>>;

/** A stable code, such as PEER_NOT_FOUND. */
export type ErrorCode = keyof typeof ERRORS;
