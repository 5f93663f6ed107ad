// One case through the window, over the real HTTP interface: a clerk opens it and issues the receipt, the department
// accepts, its officer decides, the result is handed out and rated. Then its receipts are printed and looked at with
// poppler. Ends by looking for the applicant's data in every leaf of the ledger and every log line.
//   node tools/window-demo.mjs BINARY DATA_FOLDER
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, serve, signIn, STAFF_NAME } from "./hall.mjs";

const [binary, data] = process.argv.slice(2);
const ITEM = "11369901004321012K1000131012001";
const applicant = { name: "欧阳演示", id: "11010519491231002X", phone: "13800138000" };
const say = (text) => console.log(text);

const prepared = prepare(binary, data);
say(`\n$ counterfoil catalogue import fixtures/catalogue\n${prepared.imported}`);
say(`\n$ counterfoil user init … ; counterfoil user add …\n${prepared.enrolled.join("\n")}`);
const hall = await serve(binary, data);

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

// As the clocks in the hall show it.
const hallTime = (at) => new Date(at).toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
const digest = (text) => createHash("sha256").update(text).digest("hex");
const files = (folder) => readdirSync(folder).flatMap((name) => {
  const path = join(folder, name);
  return statSync(path).isDirectory() ? files(path) : [path];
});

try {
  const [clerk, officer] = [await signIn(hall.origin, "c001"), await signIn(hall.origin, "scjg-02")];
  const [chief, decider] = [await signIn(hall.origin, "scjg-01"), await signIn(hall.origin, "scjg-03")];
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
  await review(officer, { action: "suspend", procedure: "site_inspection", note: "需现场踏勘", days: 5 });
  await review(officer, { action: "resume", procedure: "site_inspection", report: "现场符合要求" });
  say("现场踏勘：时限已暂停并恢复 site inspection: the clock stopped and went on");
  const decision = { action: "decide", outcome: "granted", document: await decider.document(path, readFileSync("fixtures/scans/permit-decision.pdf")) };
  const refused = await review(chief, decision).catch((error) => error.message);
  const { reason } = JSON.parse(refused.slice(refused.indexOf("{")));
  if (reason.code !== "needs-department") throw new Error(`refused for another reason: ${refused}`);
  say(`首席代表不能决定 the chief representative may not: ${reason.zh} ${reason.en}`);
  const decided = await review(decider, decision);
  say(`部门已决定（办结）decided at ${hallTime(decided.decision.at)}`);
  const supervisor = await signIn(hall.origin, "s001");
  await supervisor.send("POST", "/stocks/food-permit/deliveries", { first: "JY0001", last: "JY0100", site: "YLZX" });
  await clerk.act(path, "result", { action: "obtain", route: { type: "platform" }, content: await clerk.document(path, readFileSync("fixtures/scans/food-permit.jpg")), serial: "JY0001" });
  await clerk.act(path, "result", { action: "hand_out", window: "B02", id_number: applicant.id, signature: await clerk.document(path, readFileSync("fixtures/scans/power-of-attorney.png")) });
  const rated = await clerk.act(path, "rating", { level: "very_satisfied" });
  const words = { very_satisfied: "非常满意 very satisfied", delivered: "已送达 delivered" };
  say(`结果已当面核验发放，评价 rated ${words[rated.rating]}；进度 progress ${words[rated.progress]}`);
  for (const form of ["intake_receipt", "delivery_receipt"]) checkPaper(await clerk.print(path, form), [opened.no, opened.item]);
} finally {
  await hall.stop();
}

const leaves = files(join(data, "ledger")).map((path) => readFileSync(path).toString("utf8")).join("");
for (const personal of [...Object.values(applicant), STAFF_NAME, "本人办理"]) {
  if (leaves.includes(personal) || hall.log().includes(personal)) throw new Error(`personal data in a leaf or log line: ${personal}`);
}
say(`账与日志中没有申请人的姓名、证件号码、电话 no personal data in ${Math.round(leaves.length / 1024)} KiB of leaves and ${hall.log().split("\n").length - 1} log lines`);
