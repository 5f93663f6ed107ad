// One case through the window, over the real HTTP interface: a clerk opens it and issues the receipt, the department
// accepts, its officer decides, the result is handed out and rated. Then its receipts are printed and looked at with
// poppler. Ends by looking for the applicant's data in every leaf of the ledger and every log line.
//   node tools/window-demo.mjs BINARY DATA_FOLDER
import { execFileSync, spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [binary, data] = process.argv.slice(2);
const ITEM = "11369901004321012K1000131012001";
const applicant = { name: "欧阳演示", id: "11010519491231002X", phone: "13800138000" };
const say = (text) => console.log(text);

function cli(args, input = "") {
  return execFileSync(binary, ["--data", data, ...args], { input, encoding: "utf8", stdio: ["pipe", "pipe", "inherit"] });
}

say("\n$ counterfoil catalogue import fixtures/catalogue");
say(cli(["catalogue", "import", "fixtures/catalogue"]).split("\n").slice(-3).join("\n").trim());
say("\n$ counterfoil user init … ; counterfoil user add …");
const three = ["系统员", "安全员", "审计员"].map((name) => `${name}\nfirst password, to be changed\n`).join("");
say(cli(["user", "init", "--system", "sys01", "--security", "sec01", "--audit", "aud01"], three).trim());
const people = [["c001", "clerk@site/YLZX"], ["scjg-02", "department_officer@department/SCJG"], ["scjg-01", "chief_representative@department/SCJG"], ["scjg-03", "department_officer@department/SCJG"], ["s001", "supervisor@site/YLZX"]];
for (const [id, role] of people) say(cli(["user", "add", id, "--role", role], `演示人员\nfirst password, to be changed\n`).trim());

const server = spawn(binary, ["--data", data, "--json", "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
let log = "";
server.stderr.on("data", (chunk) => { log += chunk; });
const lines = createInterface({ input: server.stdout });
const said = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const base = `http://${said.listening}/api/v1`;
let requests = 0;

class Client {
  cookie = "";
  async send(method, path, body, version) {
    const headers = { "content-type": "application/json", "idempotency-key": `demo-${++requests}`, cookie: this.cookie };
    if (version) headers["if-match"] = version;
    const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
    const set = answer.headers.get("set-cookie");
    if (set) this.cookie = set.split(";")[0];
    const json = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return { json, etag: answer.headers.get("etag") };
  }
  async upload(path, bytes) {
    const answer = await fetch(base + path, { method: "PUT", headers: { cookie: this.cookie }, body: bytes });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }
  // Keeps a document or signature with a case; its digest.
  async document(subject, bytes) {
    const headers = { "idempotency-key": `demo-${++requests}`, cookie: this.cookie };
    const answer = await fetch(`${base}${subject}/documents`, { method: "POST", headers, body: bytes });
    if (!answer.ok) throw new Error(`POST ${subject}/documents: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).digest;
  }
  // Prints a form of a case and fetches it.
  async print(subject, form) {
    const { json } = await this.send("POST", `${subject}/forms`, { form });
    const answer = await fetch(new URL(json.link, base), { headers: { cookie: this.cookie } });
    if (!answer.ok) throw new Error(`GET ${json.link}: ${answer.status} ${await answer.text()}`);
    return { ...json, bytes: Buffer.from(await answer.arrayBuffer()) };
  }
  async act(subject, action, body) {
    const { etag } = await this.send("GET", subject);
    return (await this.send("POST", `${subject}/${action}`, body, etag)).json;
  }
}

function totp(uri) {
  const bits = [...new URL(uri).searchParams.get("secret")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}

async function signIn(staff) {
  const client = new Client();
  let { json } = await client.send("POST", "/session", { staff, password: `first password, to be changed` });
  if (json.stage === "set_password") json = (await client.send("PUT", "/session/password", { password: `my own long password 7` })).json;
  if (json.stage === "enrol_factor") {
    const setup = (await client.send("POST", "/session/totp", {})).json;
    json = (await client.send("PUT", "/session/totp", { code: totp(setup.uri) })).json;
  }
  if (json.stage !== "full") throw new Error(`${staff} is not signed in: ${json.stage}`);
  return client;
}

// Looks at a printed form as poppler does: whole, every font embedded, its number and item readable.
function checkPaper(print, parts) {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-form."));
  try {
    const path = join(folder, "form.pdf");
    writeFileSync(path, print.bytes);
    const tool = (program, args) => execFileSync(program, args, { encoding: "utf8" });
    const pages = Number(/Pages:\s+(\d+)/.exec(tool("pdfinfo", [path]))[1]);
    const fonts = tool("pdffonts", [path]).trim().split("\n").slice(2);
    const embedded = fonts.filter((line) => / yes +yes +yes /.test(line)).length;
    if (fonts.length === 0 || embedded !== fonts.length) throw new Error(`${print.form}: fonts are not embedded`);
    const text = tool("pdftotext", ["-raw", path, "-"]).replaceAll(/\s/g, "");
    const missing = parts.filter((part) => !text.includes(part.replaceAll(/\s/g, "")));
    if (missing.length > 0) throw new Error(`${print.form} does not show ${missing.join(", ")}`);
    if (digest(print.bytes) !== print.pdf) throw new Error(`${print.form} has another digest than announced`);
    say(`${print.title} printed: ${pages} 页，${embedded} 种字体均已嵌入，办件编号与事项可提取，内容摘要 ${print.statement.slice(0, 16)}…`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const digest = (text) => createHash("sha256").update(text).digest("hex");
const files = (folder) => readdirSync(folder).flatMap((name) => {
  const path = join(folder, name);
  return statSync(path).isDirectory() ? files(path) : [path];
});

try {
  const [clerk, officer] = [await signIn("c001"), await signIn("scjg-02")];
  const [chief, decider] = [await signIn("scjg-01"), await signIn("scjg-03")];
  say("\n四人登录：收件员、部门审核、首席代表（第二因子已登记）、部门决定人 four people signed in");
  const visit = (await clerk.send("POST", "/visits", { site: "YLZX", window: "A02", role: "receive", channel: "window" })).json;
  const parties = {
    applicant: { kind: "person", name: applicant.name, id_kind: "citizen_id", id_number: applicant.id },
    contact: { name: applicant.name, phone: applicant.phone },
    delivery: { kind: "pick_up" },
  };
  const opened = (await clerk.send("POST", "/cases", { visit: visit.id, task: ITEM, parties })).json;
  const path = `/cases/${opened.no}`;
  say(`已建办件 opened ${opened.no}  ${opened.item}  申请人证件 ${opened.applicant.number}`);
  const paper = [["M01", "paper_kept", 1, 0], ["M02", "original_seen", 0, 0], ["M03", "paper_kept", 1, 0], ["M04", "paper_kept", 1, 0], ["M05", "paper_kept", 0, 1]];
  for (const [row, way, originals, copies] of paper) await clerk.act(path, "materials", { action: "meet", meet: { row, way, originals, copies } });
  await clerk.act(path, "materials", { action: "decide", row: "M06", needed: false, reason: "本人办理" });
  const received = await clerk.act(path, "intake", { action: "issue_receipt", window: "A02", manner: "print" });
  say(`收件凭证已出具 receipt issued: 原件 ${received.kept.originals}，复印件 ${received.kept.copies}，摘要 ${received.receipt.slice(0, 16)}…`);
  const scans = { M01: "permit-application.jpg", M02: "business-licence.jpg", M03: "material-list.jpg", M04: "commitment-exif6.jpg", M05: "qualification.jpg" };
  for (const [row, name] of Object.entries(scans)) {
    const bytes = readFileSync(join("fixtures/scans", name));
    const scan = digest(bytes);
    await clerk.upload(`/scans/${scan}?case=${opened.no}`, bytes);
    await clerk.act(path, "materials", { action: "file_scan", row, scan });
  }
  say(`已扫描并归入材料行 scanned and filed: ${Object.keys(scans).join(" ")}`);
  await clerk.act(path, "dispatch", { action: "push" });
  const accepted = await officer.act(path, "review", { department: "SCJG", order: { action: "accept" } });
  const promised = accepted.clocks.find((clock) => clock.kind === "promised");
  say(`部门已受理，承诺办结期限 accepted, promised by ${promised.last_day}`);
  const review = (client, order) => client.act(path, "review", { department: "SCJG", order });
  await review(officer, { action: "suspend", procedure: "site_inspection", note: "需现场踏勘，时间另行通知" });
  await review(officer, { action: "resume", procedure: "site_inspection", report: "现场符合要求" });
  say("现场踏勘：时限已暂停并恢复 site inspection: the clock stopped and went on");
  const decision = { action: "decide", outcome: "granted", document: await decider.document(path, readFileSync("fixtures/scans/permit-decision.pdf")) };
  const refused = await review(chief, decision).catch((error) => error.message);
  say(`首席代表不能决定需踏勘的事项 the chief representative may not: ${/"code":"(needs-department)"/.exec(refused)[1]}`);
  const decided = await review(decider, decision);
  say(`部门已决定（办结）decided at ${decided.decision.at}`);
  const supervisor = await signIn("s001");
  await supervisor.send("POST", "/stocks/food-permit/deliveries", { first: "JY0001", last: "JY0100", site: "YLZX" });
  await clerk.act(path, "result", { action: "obtain", route: { type: "platform" }, content: await clerk.document(path, readFileSync("fixtures/scans/food-permit.jpg")), serial: "JY0001" });
  await clerk.act(path, "result", { action: "hand_out", window: "B02", id_number: applicant.id, signature: await clerk.document(path, readFileSync("fixtures/scans/power-of-attorney.png")) });
  const rated = await clerk.act(path, "rating", { level: "very_satisfied" });
  say(`结果已当面核验发放，评价 ${rated.rating}；进度 progress: ${rated.progress}`);
  for (const form of ["intake_receipt", "delivery_receipt"]) checkPaper(await clerk.print(path, form), [opened.no, opened.item]);
} finally {
  server.kill("SIGTERM");
  await new Promise((ended) => server.on("exit", ended));
}

const leaves = files(join(data, "ledger")).map((path) => readFileSync(path).toString("utf8")).join("");
for (const personal of [...Object.values(applicant), "演示人员", "本人办理"]) {
  if (leaves.includes(personal) || log.includes(personal)) throw new Error(`personal data in a leaf or log line: ${personal}`);
}
say(`账与日志中没有申请人的姓名、证件号码、电话 no personal data in ${Math.round(leaves.length / 1024)} KiB of leaves and ${log.split("\n").length - 1} log lines`);
