/**
 * WebSockets on the http1 lane (RFC 6455): an exchange that is answered 101 stays one exchange, a tunnel, and its frames are seen from the upgrade on.
 * Bytes go: reader → upgrades.ts → web-socket.ts → message-stream.ts, one each way (frames to messages, fates, holds) → pipeline → the other socket.
 * While no fault on WebSockets is loaded, bytes pass as they came and only headers of frames are looked at, so that a fault can take hold
 * at the next boundary. Payloads are never looked at: compressed messages move whole. What is no frame passes unseen from there on.
 * May import: model, math, faults, the lane's border above it, of http1 its messages, and of tcp what holds bytes back.
 * To add an effect on messages: a field of `Fate` in message-stream.ts and a case in web-socket.ts.
 */
export { Upgrades } from "./upgrades.ts";
