// One whole month of the transfer, over the real HTTP interface: ten cases close in March; in April the round opens by
// itself, one case is put off with the department's consent, the papers are looked up by their labels, the package is
// checked and sealed, the department signs for what it scanned (one paper is missing), takes the package and verifies it
// offline; then one byte of it is changed. The hall's time is set by a file, so that a month passes in seconds.
//   node tools/month-demo.mjs BINARY FOLDER
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign as ed25519 } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clock, prepare, serve, signIn, stepUp } from "./hall.mjs";

const [binary, folder] = process.argv.slice(2);
const ITEM = "11369901004321012K1000131012001";
const CASES = 10;
const say = (text) => console.log(text);
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sleep = (millis) => new Promise((done) => setTimeout(done, millis));

mkdirSync(folder, { recursive: true });
const timeFile = join(folder, "time.txt");
const config = join(folder, "counterfoil.toml");
const data = join(folder, "data");
const office = `[package]\nfonds = "Z109"\n[package.contact]\nname = "政务服务中心档案室"\nphone = "0512-12345678"\n`;
writeFileSync(config, `[data]\nfolder = "data"\n[clock]\nfile = "time.txt"\n${office}`);
process.env.COUNTERFOIL_CONFIG = config;
let setAt = 0;
function setTime(at) {
  // Whole at once, so that nobody reads half of it.
  writeFileSync(`${timeFile}.new`, at);
  renameSync(`${timeFile}.new`, timeFile);
  setAt = Date.now();
  clock.now = () => Date.parse(at) + (Date.now() - setAt);
}

/** Somebody with a signing key, made here as a browser would make it. */
async function enrolKey(client, staff) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
  const signature = (statement) => {
    const message = Buffer.concat([Buffer.from("counterfoil/staff-signature/v1\0"), Buffer.from(statement, "hex")]);
    return ed25519(null, message, privateKey).toString("hex");
  };
  await stepUp(client);
  const { json } = await client.send("GET", `/session/signing-key/challenge?public=${raw}`);
  const { json: enrolled } = await client.send("PUT", "/session/signing-key", { public: raw, proof: signature(json.challenge) });
  return (statement) => ({ staff, key: enrolled.key, signature: signature(statement) });
}

const SCANS = { M01: "permit-application.jpg", M02: "business-licence.jpg", M03: "material-list.jpg", M04: "commitment-exif6.jpg", M05: "qualification.jpg" };
const PAPER = [["M01", "paper_kept", 1, 0], ["M02", "original_seen", 0, 0], ["M03", "paper_kept", 1, 0], ["M04", "paper_kept", 1, 0], ["M05", "paper_kept", 0, 1]];

/** A case from the visit to the decision. */
async function closed(clerk, officer, decider, number) {
  const visit = (await clerk.send("POST", "/visits", { site: "YLZX", window: "A02", role: "receive", channel: "window" })).json;
  const parties = {
    applicant: { kind: "person", name: `演示申请人${number}`, id_kind: "citizen_id", id_number: "11010519491231002X" },
    contact: { name: `演示申请人${number}`, phone: "13800138000" },
    delivery: { kind: "pick_up" },
  };
  const { no } = (await clerk.send("POST", "/cases", { visit: visit.id, task: ITEM, parties })).json;
  const path = `/cases/${no}`;
  for (const [row, way, originals, copies] of PAPER) await clerk.act(path, "materials", { action: "meet", meet: { row, way, originals, copies } });
  await clerk.act(path, "materials", { action: "decide", row: "M06", needed: false, reason: "本人办理" });
  await clerk.act(path, "intake", { action: "issue_receipt", window: "A02", manner: "print" });
  for (const [row, name] of Object.entries(SCANS)) {
    const bytes = readFileSync(join("fixtures/scans", name));
    await clerk.upload(`/scans/${digest(bytes)}?case=${no}`, bytes);
    await clerk.act(path, "materials", { action: "file_scan", row, scan: digest(bytes) });
  }
  await clerk.act(path, "dispatch", { action: "push" });
  const review = (client, order) => client.act(path, "review", { department: "SCJG", order });
  await review(officer, { action: "accept" });
  await review(officer, { action: "suspend", procedure: "site_inspection", note: "需现场踏勘", days: 5 });
  await review(officer, { action: "resume", procedure: "site_inspection", report: "现场符合要求" });
  await review(decider, { action: "decide", outcome: "granted", document: await decider.document(path, readFileSync("fixtures/scans/permit-decision.pdf")) });
  return no;
}

async function until(what, look) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found) return found;
    await sleep(200);
  }
  throw new Error(`waited too long for ${what}`);
}

setTime("2026-03-09T09:00:00+08:00");
prepare(binary, data);
let hall = await serve(binary, data);
let cases = [];
let round;
try {
  say("\n月度移交演示 one month of the transfer（时间由文件给定 the time is set by a file: 2026-03-09）");
  let clerk = await signIn(hall.origin, "c001");
  let officer = await signIn(hall.origin, "scjg-02");
  const decider = await signIn(hall.origin, "scjg-03");
  const clerkSigns = await enrolKey(clerk, "c001");
  const officerSigns = await enrolKey(officer, "scjg-02");
  for (let number = 1; number <= CASES; number += 1) cases.push(await closed(clerk, officer, decider, number));
  say(`${CASES} 件已办结，材料袋随收件凭证建立 ${CASES} cases closed; each bundle opened with its receipt`);
  const held = (await clerk.send("GET", `/bundles/${cases[0]}`)).json.papers;
  say(`${cases[0]}: ${held.length} 份材料，持有人 papers held by ${held[0].holder.staff}@${held[0].holder.side.site}`);
  const record = digest(readFileSync("fixtures/scans/qualification.jpg"));
  await until("the scans to be read", async () => {
    const answer = await fetch(`${hall.origin}/api/v1/scans/${record}`, { headers: { cookie: clerk.cookie } });
    return answer.ok && (await answer.json()).status === "sealed";
  }).catch(() => say("扫描件仍在识别 scans are still being read"));

  setTime("2026-04-07T09:00:00+08:00");
  clerk = await signIn(hall.origin, "c001", true);
  officer = await signIn(hall.origin, "scjg-02", true);
  const supervisor = await signIn(hall.origin, "s001");
  const listed = async () => (await clerk.send("GET", "/transfers?site=YLZX")).json.items[0];
  round = await until("the round", listed);
  say(`\n四月：批次自动开立 the round opened by itself: ${round.month} 第 ${round.round} 批，${round.left} 份材料，期限 due ${round.due}（最后工作日 last working day ${round.due_working}）`);
  const path = `/transfers/${round.id}`;
  const request = { cases: [cases[9]], until: "2026-05-29", reason: "当事人申请行政复议，原件暂留窗口" };
  await clerk.act(path, "deferral", { action: "ask", request });
  await officer.act(path, "deferral", { action: "consent" });
  round = await supervisor.act(path, "deferral", { action: "approve" });
  say(`延期移交：1 件延至 ${request.until}，部门同意、主管批准 one case put off with consent and approval; 余 left ${round.left}`);
  round = await clerk.act(path, "reconciliation", { scanned: cases.slice(0, 9) });
  const sealed = await clerk.act(path, "seal", {});
  const verdicts = sealed.report.checks.map((check) => check.verdict);
  const count = (verdict) => verdicts.filter((one) => one === verdict).length;
  say(`逐件核对后封装 looked up and sealed: ${sealed.round.package.files} 个文件，${Math.round(sealed.round.package.bytes / 1024)} KiB；四性检测 ${count("passed")} 项通过，${count("failed")} 项不通过，${count("not_applicable")} 项不适用`);
  const draft = { leg: "transfer", transfer: round.id, from: { type: "hall", site: "YLZX" }, to: { type: "department", department: "SCJG" } };
  const drafted = (await clerk.send("POST", "/slips/drafts", draft)).json;
  const slip = (await clerk.send("POST", "/slips", { manifest: drafted.manifest, given: clerkSigns(drafted.digest) })).json;
  const missing = { case: cases[4], no: 3, found: "missing" };
  const outcome = (await officer.send("POST", `/slips/${slip.id}/outcomes`, { scanned: cases.slice(0, 9), found: [missing] })).json;
  const order = { outcome: outcome.outcome, receipt: { type: "signed", by: officerSigns(outcome.digest) } };
  const received = await officer.act(`/slips/${slip.id}`, "receipt", order);
  say(`双方签名 both signed: 交出 ${received.given.by.staff} 第 ${received.given.index} 条事实，签收 ${received.taken.by.staff} 第 ${received.taken.index} 条；${received.standing === "received_with_discrepancy" ? "一份缺失，差异已登记 one paper is missing and followed up" : received.standing}`);
  const open = await until("the discrepancy", async () => (await clerk.send("GET", "/discrepancies?site=YLZX")).json.items[0]);
  say(`交接差异 discrepancy ${open.id}: ${open.case} 第 ${open.papers} 号 ${open.kind_zh} ${open.kind}，由 ${open.owner.staff} 于 ${open.due} 前处理`);
  const headers = { "content-type": "application/json", "idempotency-key": "demo-package", cookie: officer.cookie };
  const answer = await fetch(`${officer.base}${path}/package`, { method: "POST", headers, body: JSON.stringify({ form: "zip" }) });
  if (!answer.ok) throw new Error(`package: ${answer.status} ${await answer.text()}`);
  writeFileSync(join(folder, `${round.id}.zip`), Buffer.from(await answer.arrayBuffer()));
  const eark = await fetch(`${officer.base}${path}/package`, { method: "POST", headers: { ...headers, "idempotency-key": "demo-eark" }, body: JSON.stringify({ form: "zip", profile: "eark" }) });
  if (!eark.ok) throw new Error(`submission: ${eark.status} ${await eark.text()}`);
  mkdirSync(join(folder, "eark"));
  writeFileSync(join(folder, "eark", `${round.id}.zip`), Buffer.from(await eark.arrayBuffer()));
  for (const month of (await clerk.send("GET", "/sites/YLZX/months")).json) {
    const { settled, deferred, not_yet_due: waiting, overdue } = month.count;
    say(`${month.month}: 已结 settled ${settled}，延期 deferred ${deferred}，未到期 not yet due ${waiting}，逾期 overdue ${overdue}`);
  }
} finally {
  await hall.stop();
}

// The department, on a machine of its own: no data folder, no configuration, no network.
const env = { PATH: process.env.PATH };
const file = join(folder, `${round.id}.zip`);
const judge = (path, extra = []) => spawnSync(binary, ["verify", path, ...extra], { encoding: "utf8", env });
const keys = execFileSync(binary, ["--data", data, "--json", "keys", "show"], { encoding: "utf8" }).trim().split("\n").map((line) => JSON.parse(line));
const vkey = keys.find((key) => key.key === "log" && key.in_force).public;
say(`\n$ counterfoil verify ${round.id}.zip --log-key …`);
const good = judge(file, ["--log-key", vkey]);
say(good.stdout.trim());
if (good.status !== 0) throw new Error(`the package does not hold: ${good.stdout}${good.stderr}`);
const list = join(folder, "检测报告.json");
const checked = judge(file, ["--log-key", vkey, "--report", list]);
const checks = JSON.parse(readFileSync(list, "utf8")).report.checks;
if (checked.status !== 0 || checks.some((check) => check.verdict === "failed")) throw new Error(`the check list does not hold: ${checked.stdout}`);
say(`接收检测报告 the check list for acceptance: ${checks.length} 项 checks，${checks.filter((check) => check.verdict === "passed").length} 项通过 passed`);
const bytes = readFileSync(file);
bytes[Math.floor(bytes.length / 3)] ^= 1;
const forged = join(folder, "changed", `${round.id}.zip`);
mkdirSync(join(folder, "changed"));
writeFileSync(forged, bytes);
say("改动一个字节后 after one byte was changed:");
const bad = judge(forged, ["--log-key", vkey]);
say(bad.stdout.trim().split("\n").slice(0, 2).join("\n"));
if (bad.status !== 4) throw new Error(`a changed package was not found: ${bad.status} ${bad.stdout}${bad.stderr}`);
if (!existsSync(file)) throw new Error("the package is gone");
