# V8 makes code at run time; workers, child processes, an addon that is not there.
node -e 'const { Worker } = require("worker_threads"), crypto = require("crypto");
console.log(process.version, crypto.createHash("sha256").update("x").digest("hex"));
const w = new Worker("require(\"worker_threads\").parentPort.postMessage([1, 2, 3].map(x => x * x))", { eval: true });
w.on("message", m => console.log(m)); w.on("exit", c => { console.log("exit", c); try { process.dlopen({ exports: {} }, "/tmp/no.node"); } catch (e) { console.log(e.message); } });
require("child_process").execFile("git", ["--version"], (e, out) => process.on("exit", () => console.log(out)));'
