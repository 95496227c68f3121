// A service that asks before it listens: it connects to GATE_PORT, and listens once that connection is ended. Whoever connects is told its
// process id and a line feed, and kept. Environment: PORT too.
import { connect, createServer } from "node:net";

const { PORT, GATE_PORT } = process.env;

const gate = connect(Number(GATE_PORT), "127.0.0.1");
gate.resume().on("end", () => {
  createServer((socket) => {
    socket.on("error", () => {});
    socket.write(`${process.pid}\n`);
  }).listen(Number(PORT), "127.0.0.1");
});
