// Holds the running server against its own OpenAPI description with Schemathesis, with the valid sessions of a clerk, an
// officer, a supervisor and two administrators. Event streams are left out. The session's own routes come last, because
// they end it.
//   node tools/api-check.mjs BINARY SCHEMATHESIS_FOLDER
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { prepare, serve, signIn } from "./hall.mjs";

const [binary, tool] = process.argv.slice(2);
const ITEM = "11369901004321012K1000131012001";
const CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
const STREAMS = "/events$";
const RUNS = [
  ...["c001", "scjg-02", "s001", "sys01", "sec01"].map((staff) => [staff, ["--exclude-path-regex", `/session|${STREAMS}`]]),
  ["c001", ["--include-path-regex", "/session"]],
];
const hooks = resolve("tools/api-hooks.py");
const EXAMPLES = process.env.COUNTERFOIL_API_EXAMPLES ?? "40";

const folder = mkdtempSync(join(tmpdir(), "counterfoil-api."));
const data = join(folder, "data");
process.env.XDG_CONFIG_HOME = join(folder, "config");
prepare(binary, data);
const hall = await serve(binary, data);
let [failed, cases] = [0, 0];
try {
  const clerk = await signIn(hall.origin, "c001");
  // Something to find: a visit with a case.
  const visit = (await clerk.send("POST", "/visits", { site: "YLZX", window: "A02", role: "receive", channel: "window" })).json;
  const parties = {
    applicant: { kind: "person", name: "欧阳演示", id_kind: "citizen_id", id_number: "11010519491231002X" },
    contact: { name: "欧阳演示", phone: "13800138000" },
    delivery: { kind: "pick_up" },
  };
  await clerk.send("POST", "/cases", { visit: visit.id, task: ITEM, parties });
  for (const [staff, paths] of RUNS) {
    const client = staff === "c001" ? clerk : await signIn(hall.origin, staff);
    const args = ["-m", "schemathesis.cli", "run", `${hall.origin}/api/v1/openapi.json`, "--url", hall.origin,
      "-H", `Cookie: ${client.cookie}`, "--checks", CHECKS, ...paths,
      "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all", "--no-color"];
    const ran = spawnSync("python3", args, { cwd: folder, encoding: "utf8", env: { ...process.env, PYTHONPATH: tool, SCHEMATHESIS_HOOKS: hooks }, maxBuffer: 1 << 28 });
    const text = `${ran.stdout}${ran.stderr}`;
    const generated = /(\d+) generated/.exec(text.replaceAll(",", "")) ?? /(\d+) (?:test )?cases/.exec(text.replaceAll(",", ""));
    cases += Number(generated?.[1] ?? 0);
    failed ||= ran.status;
    console.log(`-- ${staff} ${paths.join(" ")}: exit ${ran.status}`);
    console.log(ran.status === 0 ? text.split("\n").slice(-14).join("\n").trim() : text);
  }
} finally {
  await hall.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${cases} cases in all, ${failed ? "with findings" : "no finding"}`);
process.exit(failed || cases < 2000 ? 1 : 0);
